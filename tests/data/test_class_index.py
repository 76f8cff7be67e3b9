import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.data.class_index import ClassIndex

LABELS = np.array([4, -1, 9, 4, 9, 4, 2, -1, 4, 4])


def test_classes_and_counts_leave_out_what_has_no_label():
    index = ClassIndex(LABELS, 0)
    assert index.classes.tolist() == [2, 4, 9]
    assert index.counts.tolist() == [1, 5, 2]
    assert len(index) == 3


@given(
    labels=st.lists(st.integers(-1, 5), min_size=1, max_size=30).filter(lambda x: max(x) >= 0),
    seed=st.integers(0, 2**40),
    visit=st.integers(0, 10**9),
    size=st.integers(1, 12),
)
def test_a_draw_holds_rows_of_its_class_as_evenly_as_it_can(labels, seed, visit, size):
    index = ClassIndex(np.array(labels), seed)
    for position, label in enumerate(index.classes):
        rows = index.group(position, visit, size)
        own = np.flatnonzero(np.array(labels) == label)
        times = [np.count_nonzero(rows == row) for row in own]
        assert sum(times) == len(rows) == size
        assert max(times) - min(times) <= 1


def test_no_picture_comes_again_before_an_order_is_used_up():
    # Class 4 has 5 pictures: 2 draws of 2 use an order up and leave one over.
    index = ClassIndex(LABELS, 3)
    for cycle in range(20):
        shown = np.concatenate([index.group(1, 2 * cycle + number, 2) for number in (0, 1)])
        assert len(set(shown)) == 4
    # Another is left over each time.
    every = np.concatenate([index.group(1, visit, 2) for visit in range(200)])
    counts = [np.count_nonzero(every == row) for row in np.flatnonzero(LABELS == 4)]
    # 400 shown of 5 pictures: 80 each; 100 cycles leave each one out with 1/5: the deviation is
    # √(100 · .2 · .8) = 4, and 4 deviations 16.
    assert np.abs(np.array(counts) - 80).max() <= 16


def test_every_round_visits_every_class_once():
    index = ClassIndex(LABELS, 1)
    places = [index.class_at(place) for place in range(30)]
    for visit in range(10):
        own_round = places[3 * visit : 3 * visit + 3]
        assert sorted(own_round) == [(0, visit), (1, visit), (2, visit)]
    assert len({tuple(place[0] for place in places[i : i + 3]) for i in range(0, 30, 3)}) > 1


def test_draws_are_a_pure_function_of_the_seed():
    first, again, other = (ClassIndex(np.zeros(50, int), seed) for seed in (5, 5, 6))
    late = first.group(0, 40, 4).tolist()
    assert again.group(0, 40, 4).tolist() == late
    assert other.group(0, 40, 4).tolist() != late
    assert first.group(0, 3, 4).tolist() != late
    assert first.group(0, 40, 4).tolist() == late


def test_the_orders_of_a_class_do_not_depend_on_the_other_classes():
    few = ClassIndex(np.array([7, 7, 7, 7, 7, 7]), 0)
    many = ClassIndex(np.array([7, 7, 7, 7, 7, 7, 8, 9, 1]), 0)
    position = many.classes.tolist().index(7)
    assert few.group(0, 5, 3).tolist() == many.group(position, 5, 3).tolist()


@pytest.mark.parametrize("labels", [[], [-1, -1]])
def test_labels_that_are_missing_are_an_error(labels):
    with pytest.raises(ValueError, match="`labels` must hold at least one label that is not -1"):
        ClassIndex(np.array(labels, int), 0)
