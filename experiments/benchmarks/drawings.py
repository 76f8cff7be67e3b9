"""Annotated drawings to search, split by drawing, and what a search of them was worth."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from experiments.benchmarks.memory import peak
from simclr_tf.boxes import Detections, pairwise_iou
from simclr_tf.data import AnnotatedDrawing, DrawingSet, read_drawings
from simclr_tf.data.page import decode_page
from simclr_tf.metrics import evaluate_detections

# Places where there may be a symbol of a class: boxes `[n, 4]` and labels `[n]`.
Places = tuple[np.ndarray, np.ndarray]
_FOUND = 0.5


class SplitDrawings(NamedTuple):
    """Drawings by the use that is made of them.

    Attributes:
        train: Those that examples and calibration come from.
        test: Those that are searched.
    """

    train: DrawingSet
    test: tuple[AnnotatedDrawing, ...]


def split_drawings(data_dir: str, train_drawings: int) -> SplitDrawings:
    """Reads annotated drawings and splits them by drawing, in the order of their paths.

    Args:
        data_dir: Their folder; see `read_drawings`.
        train_drawings: So many come first.

    Raises:
        ValueError: No drawing is left to be searched, or the folder cannot be read.
    """
    drawings = read_drawings(data_dir)
    ordered = tuple(sorted(drawings.drawings, key=lambda drawing: drawing.path))
    if len(ordered) <= train_drawings:
        raise ValueError(
            f"`data_dir` must hold more annotated drawings than detect_train_drawings "
            f"({train_drawings}). Received: {len(ordered)} drawings in {data_dir!r}"
        )
    train = dataclasses.replace(drawings, drawings=ordered[:train_drawings])
    return SplitDrawings(train, ordered[train_drawings:])


class SearchedDrawing(NamedTuple):
    """What the search of one drawing gave.

    Attributes:
        drawing: The drawing with its true boxes.
        places: All places that were looked at closely.
        detections: What was found there.
        seconds: That the search took, the page at hand.
        mebibytes: The most that the process held meanwhile.
    """

    drawing: AnnotatedDrawing
    places: Places
    detections: Detections
    seconds: float
    mebibytes: float


def search_drawing(
    drawing: AnnotatedDrawing, search: Callable[[np.ndarray], tuple[Places, Detections]]
) -> SearchedDrawing:
    """Searches a drawing once."""
    page = decode_page(drawing.path)
    results: list[tuple[Places, Detections]] = []
    begin = time.perf_counter()
    mebibytes = peak(lambda: results.append(search(page)))
    seconds = time.perf_counter() - begin
    return SearchedDrawing(drawing, *results[0], seconds, mebibytes)


def figure(name: str, searched: list[SearchedDrawing]) -> float:
    """Returns one figure of a search.

    Args:
        name: `"seconds"` a page; `"map_50"`; `"recall"`, the share of the true boxes that a place
            of their class overlaps by half or more, whatever its score; `"mebibytes"`.
        searched: The drawings, at least one.
    """
    if name == "map_50":
        drawings, found = [one.drawing for one in searched], [one.detections for one in searched]
        return evaluate_detections(drawings, found).map_50
    if name == "recall":
        return float(np.concatenate([_is_found(one) for one in searched]).mean())
    if name == "mebibytes":
        return max(one.mebibytes for one in searched)
    return float(np.mean([one.seconds for one in searched]))


def _is_found(searched: SearchedDrawing) -> np.ndarray:
    boxes, labels = searched.places
    overlap = pairwise_iou(searched.drawing.boxes, boxes)
    alike = searched.drawing.labels[:, None] == labels
    return ((overlap >= _FOUND) & alike).any(axis=1)
