import numpy as np
import pytest

from simclr_tf.data import PictureSet


def make_set(labels):
    images = np.arange(len(labels), dtype=np.uint8)[:, None, None, None] + np.zeros(
        (1, 8, 8, 3), np.uint8
    )
    ids = tuple(f"picture_{row}" for row in range(len(labels)))
    return PictureSet(images, np.array(labels, np.int32), ids, ("cat", "dog"))


def test_a_subset_keeps_pictures_labels_and_ids_together():
    subset = make_set([0, 1, -1, 1]).subset(np.array([3, 0]))
    assert subset.images[:, 0, 0, 0].tolist() == [3, 0]
    assert subset.labels.tolist() == [1, 0]
    assert subset.ids == ("picture_3", "picture_0")
    assert subset.class_names == ("cat", "dog")


def test_a_subset_may_be_empty():
    assert len(make_set([0, 1]).subset(np.array([]))) == 0


def test_a_mask_chooses_a_subset():
    assert make_set([0, 1, 1]).subset(np.array([True, False, True])).ids == (
        "picture_0",
        "picture_2",
    )


def test_labelled_drops_the_unlabelled_pictures():
    assert make_set([0, -1, 1]).labelled().ids == ("picture_0", "picture_2")


def test_labelled_copies_nothing_when_all_are():
    pictures = make_set([0, 1])
    assert pictures.labelled() is pictures


def test_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"same length. Received: lengths=\(2, 2, 1\)"):
        PictureSet(np.zeros((2, 8, 8, 3), np.uint8), np.zeros(2, np.int32), ("a",), ())
