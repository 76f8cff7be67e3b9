"""Symbols found by OpenCV's template matching: one example of each class, at four rotations."""

from __future__ import annotations

import functools
from collections.abc import Callable

import cv2
import numpy as np

from experiments.benchmarks.drawings import (
    Places,
    SearchedDrawing,
    figure,
    search_drawing,
    split_drawings,
)
from simclr_tf.boxes import Detections
from simclr_tf.data.page import decode_page
from simclr_tf.detection import SymbolGallery, cut_gallery
from simclr_tf.detection.contest import contested

# Correlation from which a place counts, and so many places of each template.
_LEAST, _MOST = 0.3, 300
# As for ours: boxes that overlap more are at one place, which they share, see `contested`.
_OVERLAP = 0.25


def found(
    name: str, pages: int, data_dir: str, train_drawings: int, examples: int
) -> Callable[[int], float]:
    """Returns a task that gives a figure of the search, see `figure`; each page is searched once.

    Args:
        name: Of the figure.
        pages: So many of the test drawings; 0 for all.
        data_dir: Folder of annotated drawings.
        train_drawings: So many of them give the templates.
        examples: Boxes of each class cut from these, the same as ours.
    """
    value = figure(name, _searched(data_dir, train_drawings, examples, pages))
    return lambda count: value


@functools.cache
def _searched(
    data_dir: str, train_drawings: int, examples: int, pages: int
) -> list[SearchedDrawing]:
    train, test = split_drawings(data_dir, train_drawings)
    templates = _templates(cut_gallery(train, examples), {d.path: d.boxes for d in train.drawings})
    return [
        search_drawing(drawing, lambda page: _search(page, templates))
        for drawing in test[: pages or None]
    ]


def _templates(
    gallery: SymbolGallery, boxes: dict[str, np.ndarray]
) -> list[tuple[int, np.ndarray]]:
    """Returns label and grey picture of each box that ours cuts out, in four rotations."""
    pages = {path: _grey(decode_page(path)) for path in {one.source for one in gallery.examples}}
    templates = []
    for example in gallery.examples:
        x_min, y_min, x_max, y_max = np.rint(boxes[example.source][example.row]).astype(int)
        cut = pages[example.source][max(0, y_min) : y_max, max(0, x_min) : x_max]
        templates += [(example.label, np.rot90(cut, turn).copy()) for turn in range(4)]
    return templates


def _search(page: np.ndarray, templates: list[tuple[int, np.ndarray]]) -> tuple[Places, Detections]:
    grey = _grey(page)
    boxes, labels, scores = [np.zeros((0, 4))], [np.zeros(0, np.int64)], [np.zeros(0)]
    for label, template in templates:
        matches = cv2.matchTemplate(grey, template, cv2.TM_CCOEFF_NORMED)
        highest = matches == cv2.dilate(matches, np.ones((3, 3), np.uint8))
        ys, xs = np.nonzero(highest & (matches >= _LEAST) & np.isfinite(matches))
        best = np.argsort(-matches[ys, xs], kind="stable")[:_MOST]
        ys, xs = ys[best], xs[best]
        height, width = template.shape
        boxes.append(np.stack([xs, ys, xs + width, ys + height], axis=1).astype(float))
        labels.append(np.full(len(xs), label, np.int64))
        scores.append(matches[ys, xs].astype(float))
    found = Detections(*(np.concatenate(values) for values in (boxes, labels, scores)))
    kept, left = contested(found.boxes, found.labels, np.minimum(found.scores, 1), _OVERLAP)
    return (found.boxes, found.labels), Detections(found.boxes[kept], found.labels[kept], left)


def _grey(page: np.ndarray) -> np.ndarray:
    return page if page.ndim == 2 else cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
