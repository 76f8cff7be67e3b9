"""How pictures are turned into embeddings and searched: plain values, checked when made."""

from __future__ import annotations

import dataclasses
import hashlib

from simclr_tf.checks import check_at_least, check_between, check_one_of
from simclr_tf.data.decode import DECODER_VERSION, MINIMUM_SIZE, RESIZE_MODES
from simclr_tf.retrieval import ENGINES
from simclr_tf.retrieval.embedding_file import DTYPES

CROPS = (1, 5)
# AlexNet's five crops are 224 of 256 pixels.
_CROP_SIDE = 0.875


@dataclasses.dataclass(frozen=True)
class EmbeddingSettings:
    """Everything that decides embeddings but the pictures and the encoder.

    Attributes:
        image_size: height and width in pixels, at least 8.
        resize_mode: crop, pad (white) or stretch.
        flip_average: average the embeddings of each picture and of its mirror image.
        crops: 1, the whole picture, or 5: its corners and its centre, averaged.
        dtype: of the embeddings in the file: float32 or float16.
        batch_size: pictures that the encoder takes at once, at least 1.
    """

    image_size: int = 32
    resize_mode: str = "crop"
    flip_average: bool = False
    crops: int = 1
    dtype: str = "float32"
    batch_size: int = 256

    def __post_init__(self) -> None:
        check_at_least("image_size", self.image_size, MINIMUM_SIZE)
        check_one_of("resize_mode", self.resize_mode, RESIZE_MODES)
        check_one_of("crops", self.crops, CROPS)
        check_one_of("dtype", self.dtype, DTYPES)
        check_at_least("batch_size", self.batch_size, 1)

    @property
    def decoded_size(self) -> int:
        """Side of the decoded pictures in pixels, of which views of `image_size` are taken."""
        return self.image_size if self.crops == 1 else round(self.image_size / _CROP_SIDE)

    def fingerprint(self, encoder_fingerprint: str) -> str:
        """Returns what two embeddings must share to be compared: encoder and preparation."""
        views: tuple = (self.flip_average,)
        if self.flip_average or self.crops > 1:
            views = (self.flip_average, self.crops, "mean of unit vectors")
        preparation = (self.image_size, self.resize_mode, *views, DECODER_VERSION)
        return hashlib.sha256(f"{encoder_fingerprint} {preparation}".encode()).hexdigest()


@dataclasses.dataclass(frozen=True)
class SearchSettings:
    """How a gallery is searched and what is shown of it.

    Attributes:
        top_k: neighbours of each query, at least 1.
        engine: exact, hnsw (fast on large galleries) or ivf-pq (compressed).
        panels: queries drawn in panels.png, at most 100; 0 draws none.
        resamples: of the bootstrap intervals, at least 1.
        seed: of the bootstrap.
    """

    top_k: int = 5
    engine: str = "exact"
    panels: int = 8
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        check_at_least("top_k", self.top_k, 1)
        check_one_of("engine", self.engine, ENGINES)
        check_between("panels", self.panels, 0, 100)
        check_at_least("resamples", self.resamples, 1)
        check_at_least("seed", self.seed, 0)
