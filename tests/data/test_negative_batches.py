import numpy as np
import pytest

from simclr_tf.data import class_batches
from simclr_tf.data.negative_batches import negative_batches, with_negatives
from tests.data.test_class_batches import make_set, rows_and_labels


def drawn(count, of=7, seed=0, start=0, steps=10):
    return rows_and_labels(
        negative_batches(make_set([3] * of), count, seed, start_step=start, num_steps=steps)
    )


def test_every_batch_is_full_and_without_labels():
    rows, labels = drawn(3)
    assert rows.shape == (10, 3)
    assert (labels == -1).all()


@pytest.mark.parametrize("count", [1, 3, 7, 20])
def test_every_round_shows_every_picture_once_wherever_batches_begin(count):
    rows, _ = drawn(count, steps=7)
    rounds = rows.ravel().reshape(count, 7)
    assert (np.sort(rounds, axis=1) == np.arange(7)).all()


def test_rounds_and_seeds_have_orders_of_their_own():
    rounds = drawn(7, of=50, steps=50)[0].ravel().reshape(7, 50)
    assert len(np.unique(rounds, axis=0)) == 7
    assert (drawn(7, seed=1)[0] != drawn(7, seed=0)[0]).any()


@pytest.mark.parametrize("start", [1, 4, 9])
def test_a_resumed_run_sees_the_batches_of_an_unbroken_one(start):
    later = drawn(3, start=start, steps=10 - start)[0]
    np.testing.assert_array_equal(later, drawn(3)[0][start:])


def test_they_stand_behind_those_with_labels():
    labelled = make_set([0, 0, 1, 1, 2, 2])
    batches = with_negatives(
        class_batches(labelled, 2, 2, seed=0, num_steps=5),
        negative_batches(make_set([0] * 4), 3, seed=0, num_steps=5),
    )
    images, labels = batches.element_spec
    assert (images.shape, labels.shape) == ((7, 1, 1, 3), (7,))
    rows, labels = rows_and_labels(batches)
    np.testing.assert_array_equal(labels[:, :4], labelled.labels[rows[:, :4]])
    assert (labels[:, 4:] == -1).all()
    assert len(rows) == 5 and rows[:, 4:].max() < 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "`count` must be at least 1. Received: count=0"),
        ({"seed": -1}, "`seed` must be at least 0"),
        ({"of": 0}, "`number of negatives` must be at least 1"),
        ({"start": -1}, "`start_step` must be at least 0"),
    ],
)
def test_arguments_that_are_not_accepted_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        drawn(**{"count": 3, **arguments})
