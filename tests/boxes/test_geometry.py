import numpy as np
import pytest

from simclr_tf.boxes import box_areas, check_boxes, clip_boxes


def test_the_area_is_width_times_height():
    # (4 - 1) * (6 - 2) = 12; a box without width has none.
    assert box_areas(np.array([[1, 2, 4, 6], [5, 5, 5, 9]])).tolist() == [12, 0]


def test_whole_numbers_of_few_bits_do_not_overflow():
    # 200 * 200 = 40,000 does not fit into uint8.
    assert box_areas(np.array([[0, 0, 200, 200]], np.uint8)).tolist() == [40_000]


def test_an_empty_list_is_no_boxes():
    assert check_boxes("boxes", []).shape == (0, 4)


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([[1, 2, 3]], r"`boxes` must have the shape \[n, 4\]. Received: boxes.shape=\(1, 3\)"),
        ([1, 2, 3, 4], r"Received: boxes.shape=\(4,\)"),
        ([[0, 0, 1, 1], [3, 0, 2, 1]], r"x_min <= x_max .*boxes\[1\]=\[3.0, 0.0, 2.0, 1.0\]"),
        ([[0, 2, 1, 1]], r"y_min <= y_max"),
        ([[0, 0, np.nan, 1]], r"must be finite .*boxes\[0\]=\[0.0, 0.0, nan, 1.0\]"),
        ([[0, 0, np.inf, 1]], "must be finite"),
    ],
)
def test_what_is_no_box_is_refused(boxes, message):
    with pytest.raises(ValueError, match=message):
        check_boxes("boxes", boxes)


def test_clipping_keeps_what_is_on_the_page():
    boxes = [[-5, 2, 8, 30], [1, 1, 2, 2]]
    assert clip_boxes(boxes, 10, 20).tolist() == [[0, 2, 8, 20], [1, 1, 2, 2]]


def test_a_box_beside_the_page_gets_no_area():
    assert box_areas(clip_boxes([[12, 3, 15, 9]], 10, 20)).tolist() == [0]


def test_the_page_must_have_a_size():
    with pytest.raises(ValueError, match="`width` must be greater than 0. Received: width=0"):
        clip_boxes([], 0, 5)
