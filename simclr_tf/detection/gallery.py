"""The labelled examples that symbols on a page are compared with."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.data import AnnotatedDrawing, UnreadablePicture
from simclr_tf.data.decode import decode_whole
from simclr_tf.data.drawings import DrawingSet
from simclr_tf.data.floor_plans.picture_symbol import PictureSymbol
from simclr_tf.data.folder_scan import scan_folder
from simclr_tf.data.page import decode_page
from simclr_tf.data.paper import symbol_paper
from simclr_tf.data.picture_set import SkippedPicture
from simclr_tf.detection.example import SymbolExample, context_margin, from_ink
from simclr_tf.detection.ink import ink_map

# Side to which pictures of symbols are reduced; finer detail is on no page.
_LONGEST_SIDE = 256
# Smaller boxes show nothing that could be told apart.
_SHORTEST_SIDE = 6


@dataclasses.dataclass(frozen=True, eq=False)
class SymbolGallery:
    """Labelled examples of symbols.

    Args:
        examples: At least one.
        class_names: Label `i` means `class_names[i]`.
        skipped: Pictures and boxes that could not be used, and why.

    Raises:
        ValueError: There is no example, or a label has no name.
    """

    examples: tuple[SymbolExample, ...]
    class_names: tuple[str, ...]
    skipped: tuple[SkippedPicture, ...] = ()

    def __post_init__(self) -> None:
        if not self.examples:
            reason = f", {self.skipped[0].path}: {self.skipped[0].reason}" if self.skipped else ""
            raise ValueError(f"The gallery has no example{reason}.")
        highest = max(example.label for example in self.examples)
        if highest >= len(self.class_names) or min(e.label for e in self.examples) < 0:
            raise ValueError(
                "`class_names` must name every label of the examples. "
                f"Received: {len(self.class_names)} names, highest label {highest}"
            )

    @property
    def labels(self) -> np.ndarray:
        """Class of each example, int64 `[n]`."""
        return np.array([example.label for example in self.examples], np.int64)


def read_gallery(folder: str | os.PathLike[str]) -> SymbolGallery:
    """Reads pictures of symbols.

    Args:
        folder: Sub-folders that name the classes; or pictures, each of a class of its own that
            goes by the file's name. Dark solid signs need a margin of paper.

    Returns:
        The gallery; pictures that cannot be used are skipped.

    Raises:
        ValueError: The folder is missing, or no picture in it can be used.
    """
    root = Path(folder)
    if not root.is_dir():
        raise ValueError(f"`gallery` must be an existing folder. Received: gallery={folder!r}")
    files, skipped = scan_folder(os.fspath(root))
    paths = [Path(file.path) for file in files]
    in_folders = any(len(path.parts) > 1 for path in paths)
    names = [path.parts[0] if in_folders else path.stem for path in paths]
    class_names = tuple(dict.fromkeys(sorted(names)))
    examples = []
    for path, name in zip(paths, names, strict=True):
        try:
            page = decode_whole((root / path).read_bytes(), _LONGEST_SIDE)
            empty = SymbolExample(
                class_names.index(name), np.zeros((1, 1), np.uint8), 0, False, os.fspath(path)
            )
            # A solid sign covers most of its picture.
            examples.append(from_ink(ink_map(page, symbol_paper(page)), empty))
        except (UnreadablePicture, OSError, ValueError) as error:
            skipped.append(SkippedPicture(os.fspath(path), str(error)))
    return SymbolGallery(tuple(examples), class_names, tuple(skipped))


def picture_symbols(
    gallery: SymbolGallery, folder: str | os.PathLike[str]
) -> tuple[PictureSymbol, ...]:
    """Returns the first picture of each class, to be placed on plans.

    Args:
        gallery: What `read_gallery` gave.
        folder: That it read.

    Raises:
        ValueError: A class has no picture.
    """
    first: dict[int, str] = {}
    for example in gallery.examples:
        first.setdefault(example.label, example.source)
    symbols = []
    for label, name in enumerate(gallery.class_names):
        if label not in first:
            raise ValueError(f"`gallery` must have a picture of each class. Missing: {name!r}")
        content = (Path(folder) / first[label]).read_bytes()
        symbols.append(PictureSymbol(name, decode_whole(content, _LONGEST_SIDE)))
    return tuple(symbols)


def cut_gallery(
    drawings: DrawingSet, examples_per_class: int | None = None, seed: int = 0
) -> SymbolGallery:
    """Cuts a gallery out of annotated drawings.

    Args:
        drawings: The drawings.
        examples_per_class: So many boxes of each class at most, drawn at random; None takes all.
        seed: Of the draw.

    Returns:
        The gallery; drawings that cannot be read are skipped.

    Raises:
        ValueError: `examples_per_class` is less than 1, or no box can be used.
    """
    if examples_per_class is not None:
        check_at_least("examples_per_class", examples_per_class, 1)
    chosen = _chosen_boxes(drawings.drawings, examples_per_class, np.random.default_rng(seed))
    examples: list[SymbolExample] = []
    skipped: list[SkippedPicture] = []
    for number, drawing in enumerate(drawings.drawings):
        rows = [row for page, row in chosen if page == number]
        if rows:
            try:
                ink = ink_map(decode_page(drawing.path))
            except UnreadablePicture as error:
                skipped.append(SkippedPicture(drawing.path, str(error)))
                continue
            examples += [cut_example(ink, drawing, row) for row in rows]
    return SymbolGallery(tuple(examples), drawings.class_names, tuple(skipped))


def cut_example(ink: np.ndarray, drawing: AnnotatedDrawing, row: int) -> SymbolExample:
    """Returns one box of a drawing as an example.

    Args:
        ink: Of the drawing's page, see `ink_map`.
        drawing: The drawing.
        row: Number of the box.
    """
    x_min, y_min, x_max, y_max = np.rint(drawing.boxes[row]).astype(int)
    margin = context_margin(y_max - y_min, x_max - x_min)
    padded = np.pad(ink[max(0, y_min - margin) : y_max + margin,
                        max(0, x_min - margin) : x_max + margin],
                    [(max(0, margin - y_min), max(0, y_max + margin - ink.shape[0])),
                     (max(0, margin - x_min), max(0, x_max + margin - ink.shape[1]))])  # fmt: skip
    return SymbolExample(int(drawing.labels[row]), padded, margin, True, drawing.path, row)


def _chosen_boxes(
    drawings: Sequence[AnnotatedDrawing], count: int | None, rng: np.random.Generator
) -> set[tuple[int, int]]:
    by_label: dict[int, list[tuple[int, int]]] = {}
    for page, drawing in enumerate(drawings):
        sides = drawing.boxes[:, 2:] - drawing.boxes[:, :2]
        for row in np.flatnonzero(sides.min(axis=1) >= _SHORTEST_SIDE).tolist():
            by_label.setdefault(int(drawing.labels[row]), []).append((page, row))
    chosen: set[tuple[int, int]] = set()
    for label in sorted(by_label):
        order = rng.permutation(len(by_label[label]))[:count]
        chosen.update(by_label[label][place] for place in order.tolist())
    return chosen
