import numpy as np
import pytest

from simclr_tf.data import PictureSet, load_pictures
from simclr_tf.protocols.broader_classes import broader_classes
from simclr_tf.protocols.embedding_report import embedding_report
from tests.protocols.conftest import SIZE, small_encoder


def pictures(ids, classes, names):
    labels = np.array([names.index(name) for name in classes], np.int32)
    images = np.zeros((len(ids), SIZE, SIZE, 3), np.uint8)
    return PictureSet(images, labels, tuple(ids), tuple(names))


def in_folders(*folders):
    """One picture in each folder, whose innermost part is its class."""
    names = sorted({folder.split("/")[-1] for folder in folders})
    ids = [f"{folder}/{number}.jpg" for number, folder in enumerate(folders)]
    return pictures(ids, [folder.split("/")[-1] for folder in folders], names)


def numbers(level):
    return [level.name, level.count, level.gallery_labels.tolist(), level.query_labels.tolist()]


GROCERY = ("Fruit/Apple/Golden", "Fruit/Apple/Royal", "Fruit/Lemon", "Milk/Arla")


@pytest.mark.parametrize("split", ["", "train/"])
def test_folders_above_the_class_are_broader_classes(split):
    gallery = in_folders(*(split + folder for folder in GROCERY))
    levels = broader_classes(gallery, gallery.subset(np.array([3, 0])))
    # Fruit and Milk; then Fruit/Apple, Fruit/Lemon and Milk/Arla.
    assert [numbers(level) for level in levels] == [
        ["coarse", 2, [0, 0, 0, 1], [1, 0]],
        ["level 2", 3, [0, 0, 1, 2], [2, 0]],
    ]


def test_names_that_are_paths_tell_broader_classes():
    names = ("fruit/apple", "fruit/lemon", "milk/whole")
    gallery = pictures(["x/train/0", "x/train/1", "x/train/2"], names, names)
    (level,) = broader_classes(gallery, gallery.subset(np.array([2])))
    assert numbers(level) == ["coarse", 2, [0, 0, 1], [1]]


def test_folders_below_the_class_are_none():
    gallery = in_folders(*GROCERY)
    outermost = [folder.split("/")[0] for folder in GROCERY]
    gallery = pictures(gallery.ids, outermost, ["Fruit", "Milk"])
    assert broader_classes(gallery, gallery) == []


def test_one_folder_around_all_classes_is_none():
    gallery = in_folders("data/apple", "data/lemon")
    assert broader_classes(gallery, gallery) == []


def test_plain_classes_have_none(splits):
    assert broader_classes(splits.train.labelled(), splits.test) == []


def test_the_report_measures_them_apart(nested, tmp_path):
    found = load_pictures(
        nested,
        image_size=SIZE,
        label_depth=-1,
        validation_fraction=0.3,
        test_fraction=0.3,
        cache_dir=tmp_path,
    )
    report = embedding_report(small_encoder(), found, probe_linearly=False)
    assert list(report["broader"]) == ["coarse"]
    coarse = report["broader"]["coarse"]
    assert coarse["classes"] == 2
    # Who finds its class finds its category as well.
    for name in ("top_1", "top_3", "top_5"):
        assert report[name] <= coarse[name] <= 1
    low, high = coarse["ci95"]["top_1"]
    assert low <= coarse["top_1"] <= high
