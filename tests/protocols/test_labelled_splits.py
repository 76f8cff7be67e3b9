import dataclasses

import numpy as np
import pytest

from simclr_tf.protocols.labelled_splits import check_labelled_splits


def test_splits_with_labels_are_accepted(splits):
    check_labelled_splits(splits)


@pytest.mark.parametrize("name", ["train", "validation", "test"])
def test_a_split_without_labels_is_refused(without_labels, name):
    with pytest.raises(ValueError, match=f"The {name} split of colours has no labelled pictures"):
        check_labelled_splits(without_labels(name))


def test_an_empty_split_is_refused(splits):
    empty = splits.test.subset(np.zeros(0, np.int64))
    with pytest.raises(ValueError, match="The test split of colours has no labelled pictures"):
        check_labelled_splits(dataclasses.replace(splits, test=empty))


def test_labels_of_one_class_are_refused(splits):
    greens = splits.train.subset(splits.train.labels == 1)
    with pytest.raises(ValueError, match="at least 2 classes. Received: only green"):
        check_labelled_splits(dataclasses.replace(splits, train=greens))
