import dataclasses
import os

import numpy as np
import pytest
from PIL import Image

from simclr_tf.data import UnreadablePicture, load_pictures
from simclr_tf.data.drawings import CropSettings, cut_page, write_crops
from simclr_tf.data.drawings.crop_files import CORNERS, read_crop_table
from tests.data.drawings.drawn import drawn_drawing, drawn_page

SETTINGS = CropSettings(backgrounds_per_page=4)
NAMES = ("square", "bar")


def pages(count=3, first=0):
    return [
        (drawn_page(first + number), drawn_drawing(path=f"plans/{first + number}.png"))
        for number in range(count)
    ]


def files_below(folder):
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_the_folder_is_read_as_pictures_with_these_classes(tmp_path):
    report = write_crops(tmp_path / "crops", pages(), NAMES, SETTINGS)
    assert report.counts == {"square": 6, "bar": 3}
    assert (report.pages, report.skipped) == (3, ())
    splits = load_pictures(
        tmp_path / "crops", image_size=16, validation_fraction=0, test_fraction=0
    )
    assert splits.train.class_names == ("bar", "square")
    # Backgrounds are without label, so that training with labels leaves them out.
    counts = {name: int((splits.train.labels == row).sum()) for row, name in enumerate(("b", "s"))}
    assert counts == {"b": 3, "s": 6}
    assert (splits.train.labels == -1).sum() == report.backgrounds > 0


def test_the_files_hold_the_crops_and_the_table_says_where_they_were_cut(tmp_path):
    write_crops(tmp_path / "crops", pages(1), NAMES, SETTINGS)
    rows = read_crop_table(tmp_path / "crops")
    crops = cut_page(*pages(1)[0], SETTINGS).crops
    assert len(rows) == len(crops)
    for row, crop in zip(rows, crops, strict=True):
        picture = np.asarray(Image.open(tmp_path / "crops" / row["file"]))
        np.testing.assert_array_equal(picture, crop.pixels)
        assert [int(row[name]) for name in CORNERS] == list(crop.window)
        assert row["class"] == ("" if crop.label < 0 else NAMES[crop.label])
        assert row["page"] == "plans/0.png"


def test_the_same_pages_and_seed_give_the_same_files(tmp_path):
    first, again = (
        write_crops(tmp_path / name, pages(), NAMES, SETTINGS).folder for name in ("a", "b")
    )
    assert files_below(first) == files_below(again)
    other = write_crops(tmp_path / "c", pages(), NAMES, dataclasses.replace(SETTINGS, seed=1))
    assert files_below(first) != files_below(other.folder)


def test_splits_keep_their_pages_and_only_train_has_backgrounds(tmp_path):
    by_split = {"train": pages(2), "validation": pages(1, 2), "test": pages(1, 3)}
    report = write_crops(tmp_path / "crops", by_split, NAMES, SETTINGS)
    splits = load_pictures(tmp_path / "crops", image_size=16)
    assert [len(part.labelled()) for part in (splits.train, splits.validation, splits.test)] == [
        6,
        3,
        3,
    ]
    assert len(splits.train) - 6 == report.backgrounds
    rows = read_crop_table(tmp_path / "crops")
    assert {row["page"] for row in rows if not row["class"]} == {"plans/0.png", "plans/1.png"}


def test_an_empty_page_has_backgrounds_as_large_as_the_symbols_before(tmp_path):
    empty = (drawn_page(9), drawn_drawing([], [], path="plans/empty.png"))
    write_crops(tmp_path / "crops", [*pages(1), empty], NAMES, SETTINGS)
    rows = [row for row in read_crop_table(tmp_path / "crops") if "empty" in row["page"]]
    # 1.3 times 20, 24 and 8 pixels.
    assert {int(row["x_max"]) - int(row["x_min"]) for row in rows} <= {26, 31, 10}
    assert rows


def test_what_cannot_be_used_is_named_and_the_rest_is_written(tmp_path):
    def unreadable():
        raise UnreadablePicture("the file is empty")

    faulty = (drawn_page(5), drawn_drawing([[0, 0, 200, 20]], [0], path="plans/faulty.png"))
    listed = [(unreadable, drawn_drawing(path="plans/none.png")), faulty, *pages(1)]
    done = []
    report = write_crops(tmp_path / "crops", listed, NAMES, SETTINGS, progress=done.append)
    assert [picture.path for picture in report.skipped] == ["plans/none.png", "plans/faulty.png"]
    assert report.skipped[0].reason == "the file is empty"
    assert report.skipped[1].reason.startswith("boxes[0]: the box [0, 0, 200, 20] reaches outside")
    assert report.counts == {"square": 2, "bar": 1}
    assert done == [1, 2, 3]


def test_nothing_to_cut_is_an_error_that_leaves_nothing(tmp_path):
    drawing = drawn_drawing([[0, 0, 200, 20]], [0])
    with pytest.raises(ValueError, match="no symbol to be cut out of the drawings: boxes.0.: the"):
        write_crops(tmp_path / "crops", [(drawn_page(), drawing)], NAMES)
    assert os.listdir(tmp_path) == []


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(ValueError, match="`folder` must not exist yet or be an empty folder"):
        write_crops(tmp_path, pages(1), NAMES)
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_a_stop_within_leaves_nothing_half_written(tmp_path):
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_crops(tmp_path / "crops", [*pages(1), (stop, drawn_drawing())], NAMES)
    assert os.listdir(tmp_path) == []


def test_an_unknown_split_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`split` must be one of: train, validation, test"):
        write_crops(tmp_path / "crops", {"training": pages(1)}, NAMES)


def test_a_class_called_unlabelled_keeps_its_label(tmp_path):
    write_crops(tmp_path / "crops", pages(1), ("unlabelled", "train"), SETTINGS)
    splits = load_pictures(
        tmp_path / "crops", image_size=16, validation_fraction=0, test_fraction=0
    )
    assert splits.train.class_names == ("class_train", "class_unlabelled")
    assert np.bincount(splits.train.labelled().labels).tolist() == [1, 2]
