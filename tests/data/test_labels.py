import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.data import choose_classes, choose_labels

label_arrays = st.lists(st.integers(-1, 5), max_size=60).map(lambda values: np.array(values, int))
seeds = st.integers(0, 1000)


def counts(labels):
    return dict(zip(*map(np.ndarray.tolist, np.unique(labels, return_counts=True)), strict=True))


@given(label_arrays, st.integers(1, 12), seeds)
def test_every_class_gives_the_asked_number_or_all_it_has(labels, number, seed):
    rows = choose_labels(labels, labels_per_class=number, seed=seed)
    available = counts(labels[labels >= 0])
    assert counts(labels[rows]) == {label: min(number, n) for label, n in available.items()}
    assert rows.dtype == np.int64
    assert (np.diff(rows) > 0).all()


@given(label_arrays, st.floats(0.01, 1), seeds)
def test_every_class_gives_its_share_and_at_least_one(labels, fraction, seed):
    rows = choose_labels(labels, label_fraction=fraction, seed=seed)
    available = counts(labels[labels >= 0])
    expected = {label: max(1, int(n * fraction + 0.5)) for label, n in available.items()}
    assert counts(labels[rows]) == expected


@given(label_arrays, st.integers(1, 5), st.integers(0, 5), seeds)
def test_a_smaller_choice_is_part_of_a_larger_one(labels, number, more, seed):
    small = choose_labels(labels, labels_per_class=number, seed=seed)
    large = choose_labels(labels, labels_per_class=number + more, seed=seed)
    assert set(small) <= set(large)


@given(label_arrays, st.floats(0.01, 1), st.floats(0.01, 1), seeds)
def test_a_smaller_share_is_part_of_a_larger_one(labels, first, second, seed):
    small = choose_labels(labels, label_fraction=min(first, second), seed=seed)
    large = choose_labels(labels, label_fraction=max(first, second), seed=seed)
    assert set(small) <= set(large)


@given(label_arrays)
def test_without_a_limit_all_labelled_rows_are_chosen(labels):
    np.testing.assert_array_equal(choose_labels(labels), np.flatnonzero(labels >= 0))


def test_one_seed_gives_one_choice_and_another_seed_another():
    labels = np.repeat(np.arange(4), 50)
    first = choose_labels(labels, labels_per_class=5, seed=1)
    np.testing.assert_array_equal(first, choose_labels(labels, labels_per_class=5, seed=1))
    assert set(first) != set(choose_labels(labels, labels_per_class=5, seed=2))


def test_classes_do_not_share_one_order():
    rows = choose_labels(np.repeat(np.arange(2), 100), labels_per_class=10)
    assert (rows[:10] != rows[10:] - 100).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels_per_class": 0}, "`labels_per_class` must be at least 1"),
        ({"label_fraction": 0.0}, "`label_fraction` must be greater than 0"),
        ({"label_fraction": 1.5}, "`label_fraction` must be between 0 and 1"),
        (
            {"labels_per_class": 1, "label_fraction": 0.1},
            "Only one of `labels_per_class` and `label_fraction`",
        ),
    ],
)
def test_numbers_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        choose_labels(np.zeros(3, int), **arguments)


@given(st.sets(st.text(max_size=3)), st.integers(1, 10), seeds)
def test_classes_are_drawn_without_repetition_whatever_their_order(names, number, seed):
    chosen = choose_classes(sorted(names), number, seed)
    assert chosen == choose_classes(sorted(names, reverse=True), number, seed)
    assert list(chosen) == sorted(set(chosen))
    assert set(chosen) <= names
    assert len(chosen) == min(number, len(names))


@given(st.sets(st.text(max_size=3)), st.integers(1, 10), seeds)
def test_fewer_classes_are_part_of_more(names, number, seed):
    few, more = (choose_classes(sorted(names), n, seed) for n in (number, number + 1))
    assert set(few) <= set(more)


def test_without_a_maximum_all_classes_stay():
    assert choose_classes(["b", "a"], None) == ("a", "b")


def test_another_class_seed_draws_other_classes():
    names = [f"{number:03d}" for number in range(100)]
    assert choose_classes(names, 10, 0) != choose_classes(names, 10, 1)
