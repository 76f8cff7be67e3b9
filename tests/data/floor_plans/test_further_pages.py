import itertools

import numpy as np
import pytest

from simclr_tf.data.drawings import write_crops
from simclr_tf.data.floor_plans import PlanClasses, plan_classes
from simclr_tf.data.floor_plans.drawn_pages import PAGE_COUNTS, draw_page
from simclr_tf.data.floor_plans.further_pages import (
    background_pages,
    calibration_classes,
    calibration_pages,
    clean_pages,
    further_classes,
    further_pages,
)


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


def test_a_clean_page_has_one_symbol_alone_in_a_tight_box():
    pages = list(clean_pages(further_classes(2)))[-3:]
    assert [drawing.path for _, drawing in pages] == [
        f"floor_plans/clean/00061_{side}" for side in (26, 42, 68)
    ]
    for page, drawing in pages:
        assert drawing.labels.tolist() == [61]
        ((x_min, y_min, x_max, y_max),) = drawing.boxes.astype(int).tolist()
        ink = page.min(axis=2) < 128
        box = ink[y_min:y_max, x_min:x_max]
        assert box.sum() == ink.sum()
        assert box[0].any() and box[-1].any() and box[:, 0].any() and box[:, -1].any()


def test_clean_pages_leave_out_the_classes_that_are_kept_for_test():
    labels = {int(drawing.labels[0]) for _, drawing in clean_pages(further_classes(2))}
    assert labels == {*plan_classes(60).seen, 60, 61}


def test_clean_pages_give_crops_and_no_backgrounds(tmp_path):
    classes = further_classes(2)
    report = write_crops(tmp_path / "crops", {"train": clean_pages(classes)}, classes.names)
    # 45 seen classes and 2 further ones, in three sizes.
    assert set(report.counts.values()) == {3} and len(report.counts) == 47
    assert report.backgrounds == 0 and not report.skipped


def test_calibration_pages_have_walls_of_their_own():
    classes = calibration_classes(60)
    (page, drawing), *_ = calibration_pages(classes, 1)
    assert len(drawing) >= 5
    # Pages of one number have the same walls, whatever their symbols.
    shapes = {draw_page(classes, "train", number).image.shape for number in (0, 1)}
    assert shapes == {draw_page(plan_classes(60), "train", number).image.shape for number in (0, 1)}
    # So theirs are of numbers that the data set, which has 0 to 119, does not have.
    assert drawing.path == "floor_plans/train/00120" and PAGE_COUNTS["train"] == 120


@pytest.mark.parametrize("count", [-1, 1881])
def test_more_classes_than_there_are_are_refused(count):
    with pytest.raises(ValueError, match="`more_classes` must be between 0 and 1880"):
        further_classes(count)


def test_no_encoder_is_trained_on_the_classes_for_calibration():
    kept = calibration_classes(60)
    assert len(set(kept.names)) == 60 and kept.seen == tuple(range(60))
    assert not set(kept.names) & set(further_classes(1880).names)


def test_background_pages_are_plans_without_symbols_that_the_data_set_does_not_have():
    nothing = PlanClasses((), seen=(), unseen=())
    plans = [draw_page(nothing, "train", PAGE_COUNTS["train"] + number) for number in range(2)]
    for page, plan in zip(background_pages(2), plans, strict=True):
        np.testing.assert_array_equal(page, plan.image)
        assert len(plan.boxes) == 0 and len(plan.layout.rooms) > 1
