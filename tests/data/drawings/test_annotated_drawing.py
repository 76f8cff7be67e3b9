import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.data import AnnotatedDrawing
from simclr_tf.data.drawings.annotated_drawing import annotated_drawing, box_on_page

PAGE = (200, 100)


def test_a_drawing_without_boxes_keeps_their_shape():
    drawing = annotated_drawing("a.png", PAGE, [], [])
    assert drawing.boxes.shape == (0, 4)
    assert drawing.labels.dtype == np.int64
    assert len(drawing) == 0


@pytest.mark.parametrize(
    ("boxes", "labels"), [(np.zeros((2, 4)), np.zeros(1, int)), (np.zeros((0,)), np.zeros(0, int))]
)
def test_boxes_and_labels_must_match(boxes, labels):
    with pytest.raises(ValueError, match=r"must have the shapes \[n, 4\] and \[n\]. Received"):
        AnnotatedDrawing("a.png", 200, 100, boxes, labels)


def test_a_page_has_a_size():
    with pytest.raises(ValueError, match="`height` must be at least 1. Received: height=0"):
        annotated_drawing("a.png", (5, 0), [], [])


def test_a_box_may_reach_over_the_edge_by_one_pixel_and_is_clipped():
    assert box_on_page([-1, 0.5, 200.4, 101], PAGE) == [0, 0.5, 200, 100]


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ([-1.1, 0, 5, 5], r"the box \[-1.1, 0, 5, 5\] reaches outside the page of 200 x 100"),
        ([0, 0, 5, 101.5], "reaches outside"),
        ([300, 0, 310, 5], "reaches outside"),
        ([200, 0, 201, 5], "lies beside the page"),
        ([5, 5, 5, 9], r"the box \[5, 5, 5, 9\] has no area"),
        ([5, 9, 8, 2], "has no area"),
        ([0, 0, float("nan"), 2], "is not finite"),
        ([0, 0, float("inf"), 2], "is not finite"),
    ],
)
def test_a_faulty_box_is_refused_with_the_reason(box, reason):
    with pytest.raises(ValueError, match=reason):
        box_on_page(box, PAGE)


@given(
    st.lists(st.floats(-300, 300) | st.sampled_from([0.0, 100.0, 200.0]), min_size=4, max_size=4)
)
def test_a_box_that_is_accepted_lies_on_the_page_and_has_an_area(box):
    try:
        x_min, y_min, x_max, y_max = box_on_page(box, PAGE)
    except ValueError:
        return
    assert 0 <= x_min < x_max <= 200
    assert 0 <= y_min < y_max <= 100
