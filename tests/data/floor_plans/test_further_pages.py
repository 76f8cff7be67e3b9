import itertools

import numpy as np
import pytest

from simclr_tf.data.floor_plans import plan_classes
from simclr_tf.data.floor_plans.further_pages import (
    calibration_classes,
    clean_pages,
    further_classes,
    further_pages,
)
from simclr_tf.data.symbols.classes import symbol_classes


def test_no_further_class_is_one_of_the_data_set():
    classes = further_classes(20)
    assert classes.names[:60] == plan_classes(60).names
    assert classes.seen == tuple(range(60, 80)) and classes.unseen == ()
    assert len(set(classes.names)) == 80


def test_further_pages_show_further_classes_only():
    classes = further_classes(8)
    pages = list(itertools.islice(further_pages(classes), 3))
    assert [drawing.path for _, drawing in pages] == [
        f"floor_plans/further/{number:05d}" for number in range(3)
    ]
    for page, drawing in pages:
        assert page.shape == (drawing.height, drawing.width, 3) and page.dtype == np.uint8
        assert len(drawing) >= 1 and set(drawing.labels.tolist()) <= set(range(60, 68))


def test_there_is_a_page_for_each_further_class():
    assert sum(1 for _ in further_pages(further_classes(2))) == 2


def test_a_clean_page_has_a_class_three_times_alone_in_tight_boxes():
    ((page, drawing),) = clean_pages(symbol_classes(62), [61])
    assert drawing.path == "floor_plans/clean/00061"
    assert drawing.labels.tolist() == [61, 61, 61]
    ink = page.min(axis=2) < 128
    outside = ink.copy()
    for x_min, y_min, x_max, y_max in drawing.boxes.astype(int).tolist():
        box = ink[y_min:y_max, x_min:x_max]
        outside[y_min:y_max, x_min:x_max] = False
        assert box[0].any() and box[-1].any() and box[:, 0].any() and box[:, -1].any()
    assert not outside.any()
    sides = np.diff(drawing.boxes[:, [0, 2]])[:, 0]
    assert (np.diff(sides) > 0).all()


@pytest.mark.parametrize("count", [-1, 1881])
def test_more_classes_than_there_are_are_refused(count):
    with pytest.raises(ValueError, match="`more_classes` must be between 0 and 1880"):
        further_classes(count)


def test_no_encoder_is_trained_on_the_classes_for_calibration():
    kept = calibration_classes(60)
    assert len(set(kept.names)) == 60 and kept.seen == tuple(range(60))
    assert not set(kept.names) & set(further_classes(1880).names)
