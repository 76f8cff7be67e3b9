import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.data import PictureSet, class_batches, training_batches
from simclr_tf.distribution import distribute_batches
from simclr_tf.distribution.batches import BatchShare, current_share, sharing


def picture_set(count=24):
    labels = np.arange(count, dtype=np.int32) % 3
    images = np.zeros((count, 2, 2, 3), np.uint8)
    images[:, 0, 0, 0] = np.arange(count)
    return PictureSet(images, labels, tuple(map(str, range(count))), ("a", "b", "c"))


def numbers(dataset):
    """Which pictures each element holds."""
    return [images.numpy()[:, 0, 0, 0].tolist() for images, _ in dataset]


MAKERS = {
    "training": lambda: training_batches(picture_set(), 8, 0, num_steps=3),
    "class": lambda: class_batches(picture_set(), 2, 4, 0, num_steps=3),
}


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(("processes", "local"), [(2, 1), (4, 1), (1, 2), (2, 2)])
def test_the_shares_together_are_the_batches_of_one_device(maker, processes, local):
    replicas = processes * local
    whole = numbers(MAKERS[maker]())
    parts = {}
    for process in range(processes):
        with sharing(BatchShare(process * local, local, replicas)):
            elements = numbers(MAKERS[maker]())
        for place in range(local):
            parts[process * local + place] = elements[place::local]
    for step, batch in enumerate(whole):
        for replica in range(replicas):
            assert parts[replica][step] == batch[replica::replicas]


def test_the_shape_of_a_share_is_known_while_tracing():
    with sharing(BatchShare(1, 1, 4)):
        images, labels = MAKERS["training"]().element_spec
    assert images.shape == (2, 2, 2, 3)
    assert labels.shape == (2,)


def test_a_batch_that_cannot_be_shared_evenly_is_refused():
    message = (
        r"`batch_size` must be a multiple of the number of replicas \(3\): it counts the pictures "
        "of all of them. Received: batch_size=8"
    )
    with sharing(BatchShare(0, 1, 3)), pytest.raises(ValueError, match=message):
        MAKERS["training"]()


def test_with_one_replica_batches_are_as_they_were_made():
    made = MAKERS["training"]()
    assert distribute_batches(lambda: made) is made
    assert current_share() == BatchShare()


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 6))
def test_no_row_is_lost_and_none_comes_twice(processes, local, rows_each):
    replicas = processes * local
    rows = np.arange(replicas * rows_each)
    shares = [BatchShare(number * local, local, replicas) for number in range(processes)]
    taken = [share.rows(rows) for share in shares]
    assert sorted(np.concatenate(taken)) == rows.tolist()
    assert {len(part) for part in taken} == {shares[0].size(len(rows))}
