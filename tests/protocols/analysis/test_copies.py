import dataclasses

import numpy as np

from simclr_tf.protocols.analysis.copies import copy_rows, find_copies
from simclr_tf.protocols.analysis.neighbours import nearest_neighbours
from tests.protocols.analysis.conftest import joined_of

# 0 and 1 are one file under two names; 2 and 3 are 1 degree apart, 4 lies alone.
ANGLES = np.radians([0, 0, 90, 91, 200])
VECTORS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
IDS = ("train/a/0", "test/a/1", "train/a/2", "train/b/3", "train/b/4")


def found(splits=("train", "test", "train", "train", "train")):
    joined = joined_of(VECTORS, ["a", "a", "a", "b", "b"], IDS, splits)
    sha256 = joined.sha256.copy()
    sha256[1] = sha256[0]
    joined = dataclasses.replace(joined, sha256=sha256)
    neighbours = nearest_neighbours(joined.vectors["embedding"], 2)
    return joined, find_copies(joined, neighbours, 0.999)


def test_copies_and_near_duplicates_are_counted_apart():
    _, copies = found()
    assert copies.exact.tolist() == [[0, 1]] and copies.near.tolist() == [[2, 3]]
    assert copies.figures["exact"] == {
        "pairs": 1,
        "pictures": 2,
        "groups": 1,
        "of_different_classes": 0,
        "across_splits": 1,
        "by_split": {"test - train": 1},
    }
    near = copies.figures["near"]
    assert (near["of_different_classes"], near["by_split"]) == (1, {"train": 1})


def test_without_splits_nothing_is_said_of_them():
    joined, copies = found(splits=None)
    assert "across_splits" not in copies.figures["exact"]
    assert "first_split" not in copy_rows(joined, copies, 10)[0]


def test_the_table_names_both_pictures():
    joined, copies = found()
    lines = copy_rows(joined, copies, 10)
    assert copy_rows(joined, copies, 1) == lines[:1]
    assert lines[0] == {
        "kind": "exact",
        "cosine": "1.000000",
        "first": "train/a/0",
        "second": "test/a/1",
        "first_class": "a",
        "second_class": "a",
        "first_split": "train",
        "second_split": "test",
    }
    assert (lines[1]["kind"], lines[1]["cosine"]) == ("near", "0.999848")  # cos 1 degree
