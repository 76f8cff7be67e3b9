import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.data import PictureSet, ShardedPictures, evaluation_batches

WHOLE = np.random.default_rng(0).integers(0, 256, (11, 2, 2, 3), dtype=np.uint8)


def sharded():
    # Shards of 3, 0, 1, 5 and 2 pictures.
    return ShardedPictures(np.split(WHOLE, [3, 3, 4, 9]))


def test_it_has_the_shape_of_the_array():
    pictures = sharded()
    assert (pictures.shape, pictures.ndim, len(pictures)) == (WHOLE.shape, 4, 11)
    assert (pictures.dtype, pictures.nbytes) == (np.uint8, WHOLE.nbytes)


@given(st.lists(st.integers(-11, 10), min_size=1))
def test_rows_in_any_order_are_those_of_the_array(rows):
    found = sharded()[rows]
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, WHOLE[rows])


@given(st.slices(11), st.slices(11))
def test_slices_of_slices_are_those_of_the_array(first, second):
    part = sharded()[first][second]
    assert isinstance(part, ShardedPictures)
    np.testing.assert_array_equal(np.asarray(part), WHOLE[first][second])


@pytest.mark.parametrize("row", [0, 3, -1, np.int64(8)])
def test_one_row_is_one_picture(row):
    np.testing.assert_array_equal(sharded()[row], WHOLE[row])


def test_a_mask_chooses_pictures():
    mask = np.arange(11) % 3 == 0
    np.testing.assert_array_equal(sharded()[mask], WHOLE[mask])


def test_no_rows_give_no_pictures():
    assert sharded()[np.zeros(0, np.int64)].shape == (0, 2, 2, 3)
    assert np.asarray(sharded()[:0]).shape == (0, 2, 2, 3)


def test_pictures_are_visited_one_by_one():
    np.testing.assert_array_equal(list(sharded()), WHOLE)


def test_it_converts_to_other_types():
    assert np.asarray(sharded(), np.float32).dtype == np.float32
    np.testing.assert_array_equal(np.array(sharded()), WHOLE)


@pytest.mark.parametrize("row", [11, -12, [0, 11]])
def test_rows_that_do_not_exist_are_refused(row):
    with pytest.raises(IndexError, match="out of bounds"):
        sharded()[row]


@pytest.mark.parametrize("key", [(0, 1), (..., 0), ..., None, 0.5, [[0, 1]], "red"])
def test_parts_of_pictures_are_refused(key):
    with pytest.raises(IndexError, match="only whole pictures can be chosen"):
        sharded()[key]


def test_what_is_read_is_a_copy():
    shards = np.split(WHOLE.copy(), [3])
    pictures = ShardedPictures(shards)
    pictures[[0, 1]][:] = 0
    pictures[2][:] = 0
    np.testing.assert_array_equal(np.concatenate(shards), WHOLE)


def test_a_subset_stays_on_the_disk():
    pictures = PictureSet(sharded(), np.arange(11) % 2 - 1, tuple("abcdefghijk"), ("one",))
    labelled = pictures.labelled()
    assert isinstance(labelled.images, ShardedPictures)
    np.testing.assert_array_equal(np.asarray(labelled.images), WHOLE[1::2])
    assert labelled.ids == tuple("bdfhj")


def test_evaluation_goes_through_the_shards_in_order():
    batches = list(evaluation_batches(sharded(), 4).as_numpy_iterator())
    assert [len(batch) for batch in batches] == [4, 4, 3]
    np.testing.assert_array_equal(np.concatenate(batches), WHOLE)


def test_shards_of_different_pictures_are_refused():
    with pytest.raises(ValueError, match="`shards` must hold pictures of one shape and type"):
        ShardedPictures([WHOLE, WHOLE[:, :1]])


def test_without_shards_there_is_nothing_to_read():
    with pytest.raises(ValueError, match=r"`len\(shards\)` must be at least 1"):
        ShardedPictures([])
