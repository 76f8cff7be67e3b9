import os

import numpy as np
import pytest
from PIL import Image

from simclr_tf.data import ShardedPictures, load_pictures


def save(path, colour=(10, 20, 30), size=16):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (size, size), colour).save(path)


def arguments(tmp_path, **options):
    return {"cache_dir": tmp_path / "cache", "image_size": 16, **options}


def test_a_folder_gives_its_pictures_labels_and_ids(class_folders, tmp_path):
    splits = load_pictures(class_folders, **arguments(tmp_path))
    assert splits.name == "colours"
    assert len(splits.train) + len(splits.validation) + len(splits.test) == 120
    for part in (splits.train, splits.validation, splits.test):
        for image, label, name in zip(part.images, part.labels, part.ids, strict=True):
            assert part.class_names[label] == name.split("/")[0]
            np.testing.assert_array_equal(image, np.asarray(Image.open(class_folders / name)))
    assert (splits.train.images.dtype, splits.train.labels.dtype) == (np.uint8, np.int32)
    assert splits.skipped == splits.warnings == ()


def test_pictures_beyond_the_memory_limit_stay_on_the_disk_and_are_the_same(
    class_folders, tmp_path
):
    in_memory = load_pictures(class_folders, **arguments(tmp_path))
    mapped = load_pictures(class_folders, **arguments(tmp_path, ram_limit_bytes=0))
    assert isinstance(mapped.test.images, ShardedPictures)
    np.testing.assert_array_equal(mapped.test.images, in_memory.test.images)
    assert mapped.fingerprint == in_memory.fingerprint


def test_unreadable_pictures_are_skipped_with_the_reason_each_time(tmp_path):
    save(tmp_path / "set/cat/1.png")
    (tmp_path / "set/cat/2.png").write_bytes((tmp_path / "set/cat/1.png").read_bytes()[:-30])
    (tmp_path / "set/cat/3.jpg").write_bytes(b"")
    for _ in range(2):
        splits = load_pictures(tmp_path / "set", **arguments(tmp_path))
        assert [picture.path for picture in splits.skipped] == ["cat/2.png", "cat/3.jpg"]
        assert splits.skipped[1].reason == "the file is empty"


def test_strict_makes_an_unreadable_picture_an_error(tmp_path):
    save(tmp_path / "set/cat/1.png")
    (tmp_path / "set/cat/2.png").write_bytes(b"")
    message = r"1 pictures of the folder .*set cannot be read: the first is cat/2.png \(the file is"
    with pytest.raises(ValueError, match=message):
        load_pictures(tmp_path / "set", **arguments(tmp_path, strict=True))


def test_a_folder_without_any_readable_picture_is_an_error(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set/2.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="No picture of the folder .*set can be read"):
        load_pictures(tmp_path / "set", **arguments(tmp_path))


def change_a_picture(root):
    save(root / "cat/1.png", (1, 1, 1))


def move_to_another_class(root):
    os.rename(root / "cat/1.png", root / "dog/9.png")


@pytest.mark.parametrize("change", [change_a_picture, move_to_another_class])
def test_the_fingerprint_tells_other_contents_or_labels(tmp_path, change):
    for number in range(4):
        save(tmp_path / f"set/cat/{number}.png", (number, 0, 0))
        save(tmp_path / f"set/dog/{number}.png", (0, number, 9))
    before = load_pictures(tmp_path / "set", **arguments(tmp_path)).fingerprint
    change(tmp_path / "set")
    assert load_pictures(tmp_path / "set", **arguments(tmp_path)).fingerprint != before


@pytest.mark.parametrize(
    "other", [{"image_size": 8}, {"resize_mode": "pad"}, {"validation_fraction": 0.4}]
)
def test_the_fingerprint_tells_other_settings(class_folders, tmp_path, other):
    first = load_pictures(class_folders, **arguments(tmp_path)).fingerprint
    assert load_pictures(class_folders, **arguments(tmp_path, **other)).fingerprint != first


def test_the_fingerprint_does_not_depend_on_the_place(tmp_path):
    for place in ("one", "two"):
        save(tmp_path / place / "cat/1.png")
    first, second = (
        load_pictures(tmp_path / place, **arguments(tmp_path)) for place in ("one", "two")
    )
    assert first.fingerprint == second.fingerprint


def test_copies_across_given_splits_are_left_and_warned_of(tmp_path):
    for split in ("train", "validation", "test"):
        save(tmp_path / f"set/{split}/cat/1.png")
        save(tmp_path / f"set/{split}/dog/2.png", (len(split), 0, 0))
    splits = load_pictures(tmp_path / "set", **arguments(tmp_path))
    assert [len(splits.train), len(splits.validation), len(splits.test)] == [2, 2, 2]
    assert "1 pictures of the folder" in splits.warnings[0]
    assert "more than one split" in splits.warnings[0]


def test_a_class_in_test_that_is_not_in_train_is_warned_of(tmp_path):
    for number, path in enumerate(["train/cat/1", "train/dog/1", "validation/cat/1", "test/cow/1"]):
        save(tmp_path / f"set/{path}.png", (number, 0, 0))
    splits = load_pictures(tmp_path / "set", **arguments(tmp_path))
    (warning,) = splits.warnings
    assert warning.startswith("1 classes in the test split of the folder")
    assert warning.endswith("not in train: cow.")


def test_one_class_is_warned_of(tmp_path):
    for split in ("train", "validation", "test"):
        save(tmp_path / f"set/{split}/cat/1.png", (len(split), 0, 0))
    splits = load_pictures(tmp_path / "set", **arguments(tmp_path))
    (warning,) = splits.warnings
    assert warning.startswith("All labelled pictures of the folder")
    assert warning.endswith("are of one class, cat.")


def test_an_empty_split_is_warned_of(tmp_path):
    for number in range(2):
        save(tmp_path / f"set/class_{number}/1.png", (number, 0, 0))
    splits = load_pictures(
        tmp_path / "set", **arguments(tmp_path, validation_fraction=0, test_fraction=0)
    )
    assert len(splits.train) == 2
    assert [" ".join(warning.split()[:3]) for warning in splits.warnings] == [
        "The validation split",
        "The test split",
    ]


def test_pictures_without_any_label_are_warned_of_once(tmp_path):
    save(tmp_path / "set/1.png")
    splits = load_pictures(tmp_path / "set", **arguments(tmp_path))
    assert splits.train.labels.tolist() == [-1]
    assert len(splits.warnings) == 1
    assert splits.warnings[0].startswith("No picture of the folder")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match="`data_dir` must be an existing folder.*nowhere"):
        load_pictures(tmp_path / "nowhere")


def test_a_file_instead_of_a_folder_is_named(tmp_path):
    save(tmp_path / "1.png")
    with pytest.raises(ValueError, match="must be a folder of pictures, not a file.*1.png"):
        load_pictures(tmp_path / "1.png")


def test_an_unreadable_folder_is_named(tmp_path, monkeypatch):
    def refused(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(ValueError, match=r"can be read \(Permission denied\)"):
        load_pictures(tmp_path)


def test_a_folder_without_pictures_says_what_is_looked_for(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(ValueError, match="no file below it ends in one of jpg, jpeg, png"):
        load_pictures(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Exactly one of `data_dir` and `dataset`"),
        ({"data_dir": "a", "dataset": "b"}, "Exactly one of `data_dir` and `dataset`"),
        ({"data_dir": "a", "image_size": 7}, "`image_size` must be at least 8"),
        ({"data_dir": "a", "resize_mode": "zoom"}, "`resize_mode` must be one of: crop, pad"),
        ({"data_dir": "a", "max_classes": 0}, "`max_classes` must be at least 1"),
    ],
)
def test_arguments_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        load_pictures(**options)


@pytest.mark.real
def test_real_class_folders_are_loaded_whole(pictures_dir, tmp_path):
    splits = load_pictures(
        pictures_dir / "cifar10", image_size=32, max_classes=2, cache_dir=tmp_path
    )
    assert len(splits.train.class_names) == 2
    assert len(splits.train) + len(splits.validation) + len(splits.test) == 10000
    # About a tenth of 10,000 each; the standard deviation is sqrt(10000 * .1 * .9) = 30.
    assert abs(len(splits.validation) - 1000) < 150
    assert abs(len(splits.test) - 1000) < 150
    assert splits.skipped == ()
    assert splits.train.images.std() > 30
