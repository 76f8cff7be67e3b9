"""What the benchmark can be asked for."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Any

from simclr_tf.checks import check_at_least, check_between, check_one_of, check_positive
from simclr_tf.data.symbols.classes import MAX_CLASSES

DEFAULT_PARTS = (
    *("augment", "step", "pretrain", "loss", "input"),
    *("embed", "embed_folder", "search", "export", "import"),
)
PARTS = (
    *DEFAULT_PARTS,
    *("accuracy", "input_wait", "size", "many_classes", "detect", "scaling"),
)
PEERS = ("lightly", "tuned", "keras", "opencv")
_PEERS_ENCODERS = ("resnet10", "resnet18", "resnet34")
ENCODERS = (*_PEERS_ENCODERS, "resnet50")
DEVICES = ("cpu", "gpu")
# That a search looks for.
NEIGHBOURS = 10
_BATCH_SIZES = (
    "batch_size",
    "large_batch_size",
    "microbatch_size",
    "plain_batch_size",
    "loss_pairs",
)


@dataclasses.dataclass(frozen=True)
class BenchmarkSettings:
    """Everything that decides a benchmark but the pictures.

    Attributes:
        part: of augment, step, pretrain, loss, input (input_wait, size), embed, embed_folder,
            search, export, import, accuracy, many_classes, detect, scaling.
        peers: of lightly (as documented), tuned (PyTorch), keras and opencv (of detect), with
            commas; may be empty.
        repeats: measurements of each contestant, taking turns; their median counts.
        repeat_seconds: about how long one measurement lasts; 0 does the work once.
        threads: of each contestant, and processes of PyTorch's loaders; 0 takes all cores.
        device: cpu or gpu.
        encoder: network of step, pretrain and embed: resnet10, resnet18 or resnet34; resnet50 without the peers lightly and tuned.
        widths: multipliers of its channels, with commas; pretrain takes the first.
        batch_size: pictures a step.
        cached_batch_size: pictures a step where gradients are cached.
        microbatch_size: of these in memory at once.
        plain_batch_size: pictures a step of the training without micro-batches beside it.
        image_size: height and width of the pictures in pixels.
        large_image_size: of the second augmentation.
        large_batch_size: pictures a step there.
        loss_pairs: pairs of the loss that is compared.
        large_loss_pairs: pairs of the loss that must fit into a limit; 0 leaves it out.
        block_sizes: of the blockwise loss, for a table of its cost by them; empty for no table.
        input_pictures: pictures that are decoded, and a tenth of those whose cost with size counts.
        many_classes: classes of the fine-tuning with very many, at most 16,000.
        many_class_pictures: pictures of each of them, at most half of batch_size.
        folder_image_size: height and width of what embed_folder and export decode.
        imported_width: multiplier of the channels of the ResNet-50 whose import is measured.
        search_pictures: embeddings that are searched.
        search_queries: that are answered at once.
        search_size: numbers of an embedding.
        opened_pictures: embeddings of the index that is opened; 0 leaves it out.
        metrics_pictures: queries and gallery of the figures of retrieval; 0 leaves them out.
        page_pictures: files that the search page searches; 0 leaves it out.
        detect_train_drawings: drawings of data_dir, the first by name, that examples and calibration of detect come from; it searches the others.
        detect_examples: boxes of each class cut from these, at least 1.
        detect_weights: SqueezeNet's weights file of ImageNet; empty for encoder at the first width with random weights.
        every_window_pages: of the others, on which every window is encoded; 0 leaves it out.
        every_window_step: shift between these windows as a share of their side, above 0.
        accuracy_minutes: that each contestant may train.
        accuracy_encoder: network of accuracy, of the cost with size and of many_classes.
        accuracy_width: multiplier of its channels.
        seed: of pictures and weights.
    """  # noqa: E501 (a flag's help is one line)

    part: str = ",".join(DEFAULT_PARTS)
    peers: str = "lightly,tuned,keras,opencv"
    repeats: int = 5
    repeat_seconds: float = 1.5
    threads: int = 0
    device: str = "cpu"
    encoder: str = "resnet18"
    widths: str = "0.25,1"
    batch_size: int = 128
    cached_batch_size: int = 4096
    microbatch_size: int = 128
    plain_batch_size: int = 256
    image_size: int = 32
    large_image_size: int = 224
    large_batch_size: int = 32
    loss_pairs: int = 4096
    large_loss_pairs: int = 16384
    block_sizes: str = ""
    input_pictures: int = 2000
    many_classes: int = 15000
    many_class_pictures: int = 4
    folder_image_size: int = 128
    imported_width: float = 1.0
    search_pictures: int = 200_000
    search_queries: int = 1000
    search_size: int = 128
    opened_pictures: int = 1_000_000
    metrics_pictures: int = 100_000
    page_pictures: int = 10_000
    detect_train_drawings: int = 3
    detect_examples: int = 1
    detect_weights: str = ""
    every_window_pages: int = 1
    every_window_step: float = 0.25
    accuracy_minutes: float = 8.0
    accuracy_encoder: str = "resnet10"
    accuracy_width: float = 0.25
    seed: int = 0

    def __post_init__(self) -> None:
        for part in self.parts:
            check_one_of("part", part, PARTS)
        check_at_least("len(part)", len(self.parts), 1)
        for peer in self.chosen_peers:
            check_one_of("peers", peer, PEERS)
        check_at_least("repeats", self.repeats, 1)
        check_at_least("repeat_seconds", self.repeat_seconds, 0)
        check_at_least("threads", self.threads, 0)
        check_one_of("device", self.device, DEVICES)
        check_one_of("encoder", self.encoder, ENCODERS)
        if self.encoder not in _PEERS_ENCODERS and {"lightly", "tuned"} & set(self.chosen_peers):
            raise ValueError(
                f"`peers` must be without lightly and tuned where the encoder is {self.encoder}. "
                f"Received: peers={self.peers!r}"
            )
        check_at_least("len(widths)", len(self.all_widths), 1)
        for width in self.all_widths:
            check_positive("widths", width)
        for name in _BATCH_SIZES:
            check_at_least(name, getattr(self, name), 2)
        if self.cached_batch_size < 1 or self.cached_batch_size % self.microbatch_size:
            raise ValueError(
                f"`cached_batch_size` must be a multiple of `microbatch_size` "
                f"({self.microbatch_size}). Received: cached_batch_size={self.cached_batch_size!r}"
            )
        for name in ("image_size", "large_image_size", "folder_image_size"):
            check_at_least(name, getattr(self, name), 8)
        check_positive("imported_width", self.imported_width)
        check_at_least("search_pictures", self.search_pictures, NEIGHBOURS)
        for name in ("search_queries", "search_size"):
            check_at_least(name, getattr(self, name), 1)
        for name in ("opened_pictures", "metrics_pictures", "page_pictures"):
            check_at_least(name, getattr(self, name), 0)
        check_at_least("large_loss_pairs", self.large_loss_pairs, 0)
        for size in self.all_block_sizes:
            check_at_least("block_sizes", size, 1)
        check_at_least("input_pictures", self.input_pictures, self.batch_size)
        # The symbols, turned and mirrored.
        check_between("many_classes", self.many_classes, 2, 8 * MAX_CLASSES)
        check_between("many_class_pictures", self.many_class_pictures, 1, self.batch_size // 2)
        check_at_least("detect_train_drawings", self.detect_train_drawings, 1)
        check_at_least("detect_examples", self.detect_examples, 1)
        check_at_least("every_window_pages", self.every_window_pages, 0)
        check_positive("every_window_step", self.every_window_step)
        check_positive("accuracy_minutes", self.accuracy_minutes)
        check_one_of("accuracy_encoder", self.accuracy_encoder, _PEERS_ENCODERS)
        check_positive("accuracy_width", self.accuracy_width)
        check_at_least("seed", self.seed, 0)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts asked for, each once."""
        return _listed(self.part)

    @property
    def chosen_peers(self) -> tuple[str, ...]:
        """The peers asked for, each once."""
        return _listed(self.peers)

    @property
    def all_widths(self) -> tuple[float, ...]:
        """The widths as numbers."""
        return tuple(_numbers("widths", self.widths, float))

    @property
    def all_block_sizes(self) -> tuple[int, ...]:
        """The block sizes as numbers."""
        return tuple(_numbers("block_sizes", self.block_sizes, int))

    @property
    def thread_count(self) -> int:
        """The threads of each contestant."""
        return self.threads or os.cpu_count() or 1


def _numbers(name: str, text: str, kind: Callable[[str], Any]) -> list[Any]:
    try:
        return [kind(number) for number in _listed(text)]
    except ValueError as error:
        raise ValueError(
            f"`{name}` must be numbers with commas between them. Received: {name}={text!r}"
        ) from error


def _listed(text: str) -> tuple[str, ...]:
    """Returns `("a", "b")` for `"a, b,a"`."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
