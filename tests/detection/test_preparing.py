import numpy as np
import pytest
from PIL import Image

from simclr_tf.data import AnnotatedDrawing, DrawingSet
from simclr_tf.detection import SymbolDetector
from simclr_tf.detection.preparing import (
    calibrate_on_background,
    calibrate_on_drawings,
    true_boxes,
)
from tests.detection.drawn import NAMES, box_at, draw_page

SYMBOLS = [("house", 15, 110, 0), ("cross", 60, 20, 0), ("arrow", 110, 100, 1)]


@pytest.fixture
def detector(gallery):
    return SymbolDetector(None, gallery)


@pytest.fixture
def other(tmp_path):
    Image.fromarray(draw_page(SYMBOLS)).save(tmp_path / "other.png")
    boxes = np.array([box_at(x, y) for _, x, y, _ in SYMBOLS], float)
    # In the order of other names than the gallery's.
    drawing = AnnotatedDrawing(str(tmp_path / "other.png"), 240, 160, boxes, np.array([0, 1, 2]))
    return DrawingSet((drawing,), ("house", "cross", "arrow"))


def test_drawings_calibrate_by_the_names_of_their_classes(detector, other):
    before = detector.calibration
    assert calibrate_on_drawings(detector, other)
    assert detector.calibration is not before
    found = detector.detect(draw_page(SYMBOLS))
    assert (found.scores[:3] > 0.5).all() and sorted(found.labels[:3]) == [0, 1, 2]


def test_drawings_with_the_examples_alone_leave_the_calibration(detector, annotated):
    before = detector.calibration
    assert not calibrate_on_drawings(detector, DrawingSet((annotated[1],), NAMES))
    assert detector.calibration is before


def test_a_page_that_cannot_be_read_is_reported(detector, tmp_path):
    reported = []
    calibrate_on_background(detector, [tmp_path / "none.png"], 0.1, reported.append)
    assert [picture.path for picture in reported] == [str(tmp_path / "none.png")]


def test_true_boxes_have_the_labels_of_the_gallery(other):
    by_path, names = true_boxes(other, NAMES)
    assert names == NAMES
    assert next(iter(by_path.values())).labels.tolist() == [2, 1, 0]
