import numpy as np
import pytest

from simclr_tf.data import PictureSet
from simclr_tf.protocols.batch_shape import BatchShape, batch_shape
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings


def pictures_of(counts):
    labels = np.repeat(np.arange(len(counts)), counts).astype("int32")
    ids = tuple(str(number) for number in range(len(labels)))
    names = tuple(f"class {label}" for label in range(len(counts)))
    return PictureSet(np.zeros((len(labels), 8, 8, 3), np.uint8), labels, ids, names)


@pytest.mark.parametrize(
    ("counts", "arguments", "expected"),
    [
        # Four of each of 64 / 4 = 16 classes.
        ([30] * 81, {}, (16, 4, 64, True)),
        # Six classes fill 64 pictures with 64 // 6 = 10 of each.
        ([100] * 6, {}, (6, 10, 60, True)),
        # No more of a class than the largest has.
        ([1] * 200, {}, (64, 1, 64, True)),
        ([1] * 199 + [3], {}, (21, 3, 63, True)),
        # A triplet needs two; the singletons repeat theirs.
        ([1] * 9 + [2], {"objective": "triplet"}, (10, 2, 20, True)),
        ([30] * 10, {"pictures_per_class": 5}, (10, 5, 50, False)),
        ([3] * 10, {"pictures_per_class": 5, "repeat": True}, (10, 5, 50, True)),
        ([30] * 10, {"objective": "cross_entropy"}, (0, 0, 64, False)),
        ([3] * 4, {"objective": "cross_entropy"}, (0, 0, 12, False)),
        ([9] * 9, {"batch_size": 2}, (2, 1, 2, True)),
        ([9, 9], {"batch_size": 1000}, (2, 9, 18, True)),
    ],
)
def test_the_batches_follow_the_labels(counts, arguments, expected):
    shape = batch_shape(pictures_of(counts), FineTuningSettings(**arguments))
    assert shape == BatchShape(*expected)


@pytest.mark.parametrize(
    ("counts", "arguments", "message"),
    [
        ([5], {}, "`number of classes with labels` must be at least 2"),
        (
            [1] * 5,
            {"objective": "triplet"},
            "`objective` may be triplet only where some class has at least 2 .* all 5 have one",
        ),
        (
            [1] * 5,
            {"objective": "triplet+cross_entropy"},
            "`objective` may be triplet.cross_entropy only where",
        ),
        (
            [9, 3, 9],
            {"pictures_per_class": 4},
            "`pictures_per_class` must be at most the pictures of the smallest class, 3 of class "
            "'class 1' .fewer than 4 in 1 of 3 classes., unless `repeat`",
        ),
        (
            [9] * 4,
            {"batch_size": 2, "objective": "triplet"},
            "`batch_size` must be at least 4, for two classes of 2 pictures",
        ),
    ],
)
def test_what_cannot_be_is_refused(counts, arguments, message):
    with pytest.raises(ValueError, match=message):
        batch_shape(pictures_of(counts), FineTuningSettings(**arguments))


@pytest.mark.parametrize("objective", ["supcon", "cross_entropy"])
def test_the_batches_are_a_function_of_their_number(objective):
    labelled = pictures_of([5, 6, 7])
    labelled.images[:] = np.arange(18)[:, None, None, None]
    settings = FineTuningSettings(objective=objective, batch_size=6)
    shape = batch_shape(labelled, settings)
    whole = [images.numpy() for images, _ in shape.batches(labelled, settings, 0, 6)]
    later = [images.numpy() for images, _ in shape.batches(labelled, settings, 4, 2)]
    assert len(whole) == 6 and whole[0].shape == (6, 8, 8, 3)
    np.testing.assert_array_equal(whole[4:], later)


def test_balanced_batches_of_cross_entropy_hold_all_classes_equally():
    labelled = pictures_of([50, 4, 4])
    settings = FineTuningSettings(objective="cross_entropy", batch_size=6, class_balanced=True)
    for _, labels in batch_shape(labelled, settings).batches(labelled, settings, 0, 4):
        assert np.bincount(labels).tolist() == [2, 2, 2]


@pytest.mark.parametrize("objective", ["supcon", "cross_entropy"])
def test_the_pictures_of_a_batch_have_names(objective):
    pictures = pictures_of([5, 6, 7])
    settings = FineTuningSettings(objective=objective, batch_size=6)
    shape = batch_shape(pictures, settings)
    names = shape.names(pictures, settings)
    batches = shape.batches(pictures, settings, 0, 4).as_numpy_iterator()
    named = [[int(pictures.labels[int(name)]) for name in names(step)] for step in range(4)]
    assert [labels.tolist() for _, labels in batches] == named
