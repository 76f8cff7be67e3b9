import numpy as np
import pytest

from simclr_tf.protocols import read_labelled_folder


def test_copies_are_left_out_and_nested_folders_are_two_levels(nested):
    folder = read_labelled_folder(nested)
    assert (len(folder.index.ids), folder.copies) == (24, 2)
    assert len(folder.index.class_names) == 4
    assert folder.coarse_class["milk/milk_class_1/003.png"] == "milk"


def test_folders_that_are_not_nested_have_one_level(class_folders):
    folder = read_labelled_folder(class_folders)
    assert folder.coarse_class == {} and len(folder.index.class_names) == 4


def test_pictures_without_classes_are_refused(class_folders):
    with pytest.raises(ValueError, match="`data_dir` must have a sub-folder for each class"):
        read_labelled_folder(class_folders / "class_0")


def test_fewer_pictures_may_be_drawn_and_are_the_same_each_time(nested):
    folder = read_labelled_folder(nested)
    drawn = folder.draw(4)
    assert np.bincount(drawn.labels).tolist() == [4] * 4
    assert folder.draw(4).ids == drawn.ids
    assert folder.draw().ids == folder.index.ids
