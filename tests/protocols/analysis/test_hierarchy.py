import numpy as np
import pytest

from simclr_tf.protocols.analysis.hierarchy import levels_of, same_division, splits_of

TRAIN_VALIDATION = ("train", "validation")
NO_LABELS = np.full(9, -1)


@pytest.mark.parametrize(
    ("ids", "is_folder", "expected"),
    [
        (("train/a/1.png", "val/a/2.png", "test/b/3.png"), True, ("train", "validation", "test")),
        (("train/a/1.png", "Validation/a/2.png", "x.png"), True, ("train", "validation", "train")),
        (("train/a/1.png", "train/b/2.png"), True, None),
        # Without train/, or with another folder beside it, test/ is a class.
        (("test/1.png", "apples/2.png"), True, None),
        (("train/1.png", "test/1.png", "apples/2.png"), True, None),
        (("cifar10/train/00001", "cifar10/test/00001"), False, ("train", "test")),
        (("imagenette/160px/train/0", "imagenette/160px/validation/0"), False, TRAIN_VALIDATION),
        (("cifar10/train/00001",), False, None),
        (("a", "b"), False, None),
    ],
)
def test_splits_are_read_from_the_names(ids, is_folder, expected):
    assert splits_of(ids, is_folder) == expected


def texts(level):
    return [None if label < 0 else level.class_names[label] for label in level.labels]


def test_folders_inside_folders_are_levels_with_short_branches_kept():
    ids = (
        "train/fruit/apple/gala/1.png",
        "train/fruit/apple/pink/2.png",
        "test/fruit/pear/3.png",
        "train/milk/4.png",
        "train/unlabelled/5.png",
    )
    coarse, middle, fine = levels_of(ids, True, NO_LABELS[:5], ())
    assert [level.name for level in (coarse, middle, fine)] == ["coarse", "level 2", "fine"]
    assert texts(coarse) == ["fruit", "fruit", "fruit", "milk", None]
    assert texts(middle) == ["fruit/apple", "fruit/apple", "fruit/pear", "milk", None]
    assert texts(fine) == ["fruit/apple/gala", "fruit/apple/pink", "fruit/pear", "milk", None]


def test_a_level_that_divides_as_the_one_above_is_no_level():
    assert levels_of(("a/only/1.png", "b/only/2.png"), True, NO_LABELS[:2], ()) == []


@pytest.mark.parametrize("ids", [("1.png", "2.png"), ("a/1.png", "b/2.png")])
def test_flat_folders_have_no_levels(ids):
    assert levels_of(ids, True, NO_LABELS[:2], ()) == []


def test_names_of_a_data_sets_classes_are_levels_where_they_have_parts():
    labels = np.array([0, 1, 2, -1])
    names = ("fruit/apple", "fruit/pear", "milk")
    coarse, fine = levels_of(("d/train/0",) * 4, False, labels, names)
    assert texts(coarse) == ["fruit", "fruit", "milk", None]
    assert texts(fine) == ["fruit/apple", "fruit/pear", "milk", None]


def test_two_labellings_divide_alike_under_any_names():
    assert same_division(np.array([0, 0, 1]), np.array([7, 7, -1]))
    assert not same_division(np.array([0, 0, 1]), np.array([0, 1, 1]))
    assert not same_division(np.array([0, 0, 1]), np.array([0, 1, 2]))
