import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.boxes import non_maximum_suppression, suppression
from tests.boxes import plain

PILE = [[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 4], [20, 0, 30, 10]]


def scattered(count, page, seed, side=(5.0, 40.0)):
    generator = np.random.default_rng(seed)
    starts = generator.uniform(0, page, (count, 2))
    return np.concatenate([starts, starts + generator.uniform(*side, (count, 2))], axis=1)


def test_a_box_suppresses_what_overlaps_it_and_is_worse():
    # Overlaps with the first: 90 / 100 and 40 / 100.
    kept = non_maximum_suppression(PILE, [0.9, 0.8, 0.7, 0.95], iou_threshold=0.5)
    assert kept.tolist() == [3, 0, 2]


def test_a_suppressed_box_suppresses_nothing():
    # A chain: the middle one overlaps both by 80 / 120, its ends each other by 60 / 140.
    chain = [[0, 0, 10, 10], [2, 0, 12, 10], [4, 0, 14, 10]]
    kept = non_maximum_suppression(chain, [0.9, 0.8, 0.7], iou_threshold=0.6)
    assert kept.tolist() == [0, 2]


def test_an_overlap_of_exactly_the_threshold_stays():
    pair = [[0, 0, 10, 10], [0, 0, 10, 5]]
    assert non_maximum_suppression(pair, [1, 0], iou_threshold=0.5).tolist() == [0, 1]
    assert non_maximum_suppression(pair, [1, 0], iou_threshold=0.499).tolist() == [0]


def test_of_equal_scores_the_lower_row_wins():
    assert non_maximum_suppression([PILE[0]] * 4, [0.5] * 4).tolist() == [0]
    assert non_maximum_suppression(PILE, [0.5] * 4, iou_threshold=0.3).tolist() == [0, 3]


def test_boxes_of_other_classes_do_not_suppress_each_other():
    kept = non_maximum_suppression(PILE, [0.9, 0.8, 0.7, 0.6], [5, -2, 5, 5], iou_threshold=0.3)
    assert kept.tolist() == [0, 1, 3]


def test_boxes_without_area_stay():
    assert non_maximum_suppression([[1, 1, 1, 1]] * 2, [1, 2]).tolist() == [1, 0]


def test_only_the_best_are_kept_when_their_number_is_limited():
    assert non_maximum_suppression(PILE, [0.1, 0.2, 0.3, 0.4], max_boxes=2).tolist() == [3, 2]


def test_no_boxes_stay_no_boxes():
    kept = non_maximum_suppression([], [])
    assert kept.shape == (0,)
    assert kept.dtype == np.int64


@settings(deadline=None, max_examples=300)
@given(
    plain.box_lists(max_size=14),
    st.data(),
    st.sampled_from([0.0, 1e-9, 0.04, 0.1, 0.3, 0.5, 0.75, 1.0]),
    st.booleans(),
)
def test_what_stays_is_what_the_definition_keeps(boxes, data, threshold, by_class):
    count = len(boxes)
    scores = data.draw(st.lists(st.sampled_from([0.1, 0.5, 0.9]), min_size=count, max_size=count))
    labels = data.draw(st.lists(st.integers(-1, 1), min_size=count, max_size=count))
    kept = non_maximum_suppression(
        boxes, scores, labels if by_class else None, iou_threshold=threshold
    )
    used = labels if by_class else [0] * count
    assert kept.tolist() == plain.suppress(boxes, scores, used, threshold)


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("side", [(5.0, 40.0), (1.0, 300.0), (19.0, 21.0)])
def test_many_boxes_in_many_blocks_are_the_same_as_one_by_one(monkeypatch, threshold, side):
    monkeypatch.setattr(suppression, "_BLOCK_SIZE", 32)
    boxes = scattered(500, page=200, seed=1, side=side)
    # Rounded scores: many ties.
    scores = np.random.default_rng(2).uniform(size=500).round(1)
    labels = np.random.default_rng(3).integers(0, 3, 500)
    kept = non_maximum_suppression(boxes, scores, labels, iou_threshold=threshold)
    assert kept.tolist() == plain.suppress(boxes.tolist(), scores, labels, threshold)


def test_whole_numbered_scores_are_not_negated_around_zero():
    kept = non_maximum_suppression(PILE, np.array([0, 1, 2, 3], np.uint8), iou_threshold=0.95)
    assert kept.tolist() == [3, 2, 1, 0]


def test_fifty_thousand_boxes_in_one_place_leave_one():
    boxes = np.tile([0.0, 0.0, 10.0, 10.0], (50_000, 1)) + np.linspace(0, 1, 50_000)[:, None]
    # Side 10, moved by 1 along both axes: 81 / 119 = 0.68.
    assert non_maximum_suppression(boxes, np.arange(50_000)).tolist() == [49_999]


def test_fifty_thousand_boxes_that_do_not_overlap_all_stay():
    y, x = np.divmod(np.arange(50_000), 250)
    boxes = np.stack([x * 10, y * 10, x * 10 + 9, y * 10 + 9], axis=1)
    assert len(non_maximum_suppression(boxes, np.zeros(50_000), iou_threshold=0.0)) == 50_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scores": [1]}, r"`scores` must be a finite number for each .*scores.shape=\(1,\)"),
        ({"scores": [1, np.nan, 1, 1]}, "`scores` must be a finite number"),
        ({"labels": [1]}, r"`labels` must be one number for each .*labels.shape=\(1,\)"),
        ({"iou_threshold": 1.5}, "`iou_threshold` must be between 0.0 and 1.0"),
        ({"max_boxes": 0}, "`max_boxes` must be at least 1"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        non_maximum_suppression(**{"boxes": PILE, "scores": [1, 2, 3, 4], **arguments})
