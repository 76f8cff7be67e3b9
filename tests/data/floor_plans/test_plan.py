import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.boxes import box_areas, pairwise_iou
from simclr_tf.data import floor_plans
from simclr_tf.data.floor_plans import draw_floor_plan, plan_classes
from simclr_tf.data.floor_plans.layout import Layout, Room
from simclr_tf.data.floor_plans.marks import HALF_SIZE, place_marks
from simclr_tf.data.floor_plans.scan import scanned
from simclr_tf.data.floor_plans.sheet import Sheet
from simclr_tf.data.floor_plans.theme import draw_theme

CLASSES = plan_classes(12)
WANTED = [(label, CLASSES.classes[label]) for label in (0, 1, 2, 3, 3, 3)]


def plan_of(seed, wanted=WANTED):
    return draw_floor_plan(wanted, np.random.default_rng(seed))


def marks_on_blank_page(seed, wanted):
    """Symbols in one empty room of a white page, and the page."""
    rng = np.random.default_rng(seed)
    sheet = Sheet(600, 500, (255, 255, 255))
    layout = Layout((Room(20, 20, 580, 480),), ())
    theme = dataclasses.replace(draw_theme(rng), symbol=(0, 0, 0), paper=sheet.paper)
    marks = place_marks(sheet, layout, wanted, [], theme, rng)
    return marks, sheet.finished()


def test_equal_generators_give_equal_plans():
    first, second = plan_of(5), plan_of(5)
    assert first.image.tobytes() == second.image.tobytes()
    np.testing.assert_array_equal(first.boxes, second.boxes)
    assert first.image.tobytes() != plan_of(6).image.tobytes()


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_plan_is_a_page_with_separate_boxes_on_it(seed):
    plan = plan_of(seed)
    height, width, channels = plan.image.shape
    assert plan.image.dtype == np.uint8
    assert 800 <= height <= 1200 and 800 <= width <= 1200 and channels == 3
    assert len(plan.boxes) == len(plan.labels) == len(plan.angles) >= 5
    assert (plan.boxes >= 0).all()
    assert (plan.boxes <= [width, height, width, height]).all()
    ious = pairwise_iou(plan.boxes, plan.boxes)
    assert ious[~np.eye(len(ious), dtype=bool)].max() == 0
    sides = plan.boxes[:, 2:] - plan.boxes[:, :2]
    assert sides.min() >= 3
    assert sides.max() <= HALF_SIZE[1] * 2 * 1.6
    assert ((plan.angles >= 0) & (plan.angles < 360)).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_box_is_that_of_the_ink_of_its_symbol(seed):
    marks, page = marks_on_blank_page(seed, WANTED[:1])
    inked = np.argwhere((page < 250).any(axis=2))
    x_min, y_min, x_max, y_max = marks[0].box
    # A number may stand below the symbol.
    within = inked[(inked[:, 0] < y_max + 1) & (inked[:, 0] >= y_min - 3)]
    np.testing.assert_allclose(within.min(axis=0)[::-1], [x_min, y_min], atol=1)
    np.testing.assert_allclose(within.max(axis=0)[::-1] + 1, [x_max, y_max], atol=1)


def test_symbols_stand_at_several_scales_and_angles():
    plans = [plan_of(seed) for seed in range(4)]
    sides = np.concatenate([np.sqrt(box_areas(plan.boxes)) for plan in plans])
    angles = np.concatenate([plan.angles for plan in plans])
    assert sides.max() > 1.5 * sides.min()
    assert {0, 90, 180, 270} >= {int(angle) for angle in angles if angle % 90 == 0}
    assert 0 < np.mean(angles % 90 != 0) < 0.7


def test_a_page_without_symbols_has_no_boxes():
    plan = plan_of(1, [])
    assert plan.boxes.shape == (0, 4)
    assert plan.image.std() > 10


def test_what_finds_no_place_is_left_out_from_the_end():
    marks, _ = marks_on_blank_page(0, WANTED[:1] * 200 + WANTED[1:2])
    labels = [mark.label for mark in marks]
    assert 20 < labels.count(0) < 200


def test_a_page_that_is_not_scanned_stays_as_it_is():
    page = np.full((20, 30, 3), 7, np.uint8)
    assert scanned(page, 0.0, np.random.default_rng(0)) is page


def test_a_scanned_page_is_noisy_and_keeps_its_drawing():
    page = np.full((60, 80, 3), 255, np.uint8)
    page[20:40, 30:50] = 0
    got = scanned(page, 1.0, np.random.default_rng(0)).astype(int)
    assert got.shape == page.shape
    assert got[:15].std() > 0.5
    assert got[25:35, 35:45].mean() + 80 < got[:15].mean()


def test_drawing_plans_does_not_import_tensorflow():
    code = (
        "import sys; from simclr_tf.data.floor_plans import draw_floor_plan, plan_classes; "
        "sys.exit('tensorflow' in sys.modules or 'tensorflow_datasets' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Plan'"):
        floor_plans.Plan  # noqa: B018
