"""Piping drawings with annotated symbols."""

import dataclasses

import numpy as np
import pytest

from simclr_tf.data import AnnotatedDrawing, read_drawings
from simclr_tf.data.page import decode_page
from simclr_tf.detection import SymbolDetector, cut_gallery
from simclr_tf.metrics import evaluate_detections

pytestmark = [pytest.mark.real, pytest.mark.slow]


def part_of(drawing, width, height):
    """Returns the upper left part of a drawing with the boxes that lie in it."""
    inside = (drawing.boxes[:, 2] <= width) & (drawing.boxes[:, 3] <= height)
    boxes, labels = drawing.boxes[inside], drawing.labels[inside]
    return (
        np.ascontiguousarray(decode_page(drawing.path)[:height, :width]),
        AnnotatedDrawing(drawing.path, width, height, boxes, labels),
    )


def test_one_example_of_each_class_finds_most_symbols_of_another_drawing(pictures_dir):
    drawings = read_drawings(pictures_dir / "pid_drawings")
    gallery = cut_gallery(dataclasses.replace(drawings, drawings=drawings.drawings[:1]), 1)
    page, drawing = part_of(drawings.drawings[1], 1400, 1200)
    known = np.isin(drawing.labels, gallery.labels)
    drawing = dataclasses.replace(drawing, boxes=drawing.boxes[known], labels=drawing.labels[known])
    report = evaluate_detections([drawing], [SymbolDetector(None, gallery).detect(page)])
    assert len(drawing) >= 10
    assert report.map_50 > 0.6
