import dataclasses

import numpy as np
import pytest
from PIL import Image, ImageDraw

from simclr_tf.data import DrawingSet
from simclr_tf.detection import SymbolGallery, cut_gallery, read_gallery
from simclr_tf.detection.example import SymbolExample
from simclr_tf.detection.gallery import picture_symbols
from tests.detection.drawn import NAMES, SIDE


def test_each_picture_of_a_flat_folder_is_a_class(symbol_folder):
    gallery = read_gallery(symbol_folder)
    assert gallery.class_names == NAMES
    assert gallery.labels.tolist() == [0, 1, 2]
    assert not any(example.size_is_known for example in gallery.examples)


def test_sub_folders_name_the_classes(symbol_folder):
    for name in NAMES:
        (symbol_folder / name).mkdir()
        (symbol_folder / f"{name}.png").rename(symbol_folder / name / "1.png")
    assert read_gallery(symbol_folder).class_names == NAMES


def test_the_box_of_a_picture_is_that_of_its_ink(symbol_folder):
    house = read_gallery(symbol_folder).examples[2]
    assert 58 <= house.height <= 64 and 58 <= house.width <= 64
    inner = house.ink[house.margin : -house.margin, house.margin : -house.margin]
    assert inner.any(axis=1)[[0, -1]].all() and inner.any(axis=0)[[0, -1]].all()
    assert not house.ink[: house.margin].any()


def test_a_solid_sign_is_ink_and_what_is_cut_out_of_it_is_not(tmp_path):
    picture = Image.new("RGB", (40, 40), "white")
    canvas = ImageDraw.Draw(picture)
    canvas.rectangle((2, 2, 37, 37), fill=(0, 120, 60))
    canvas.rectangle((16, 10, 23, 29), fill="white")
    picture.save(tmp_path / "exit.png")
    (example,) = read_gallery(tmp_path).examples
    box = example.ink[example.margin : -example.margin, example.margin : -example.margin]
    assert box.shape == (36, 36)
    assert box[3, 3] == 255 and box[17, 17] == 0


def test_lines_that_run_along_the_border_are_ink(tmp_path):
    picture = Image.new("RGB", (60, 60), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 59, 59), outline="black", width=3)
    picture.save(tmp_path / "square.png")
    (example,) = read_gallery(tmp_path).examples
    box = example.ink[example.margin : -example.margin, example.margin : -example.margin]
    assert box.shape == (60, 60)
    assert box[1, 30] == 255 and box[30, 30] == 0


def test_a_picture_of_each_class_can_be_placed_on_plans(symbol_folder):
    gallery = read_gallery(symbol_folder)
    symbols = picture_symbols(gallery, symbol_folder)
    assert [symbol.name for symbol in symbols] == list(gallery.class_names)


def test_a_class_without_a_picture_cannot_be_placed(symbol_folder):
    gallery = dataclasses.replace(read_gallery(symbol_folder), class_names=(*NAMES, "valve"))
    with pytest.raises(ValueError, match="a picture of each class. Missing: 'valve'"):
        picture_symbols(gallery, symbol_folder)


def test_a_blank_or_broken_picture_is_named_and_left_out(symbol_folder):
    Image.new("L", (20, 20), 255).save(symbol_folder / "blank.png")
    (symbol_folder / "broken.png").write_bytes(b"no picture")
    gallery = read_gallery(symbol_folder)
    assert len(gallery.examples) == 3
    reasons = {picture.path: picture.reason for picture in gallery.skipped}
    assert reasons["blank.png"] == "there is no ink in it"
    assert "not a picture" in reasons["broken.png"]


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(ValueError, match="The gallery has no example"):
        read_gallery(tmp_path)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`gallery` must be an existing folder"):
        read_gallery(tmp_path / "none")


def test_boxes_are_cut_with_what_is_around_them(annotated):
    page, drawing = annotated
    gallery = cut_gallery(DrawingSet((drawing,), NAMES), 1)
    cross = gallery.examples[gallery.labels.tolist().index(1)]
    assert (cross.height, cross.width, cross.size_is_known) == (SIDE, SIDE, True)
    assert (cross.source, cross.row) == (drawing.path, 1)
    margin = cross.margin
    dark = page[30 - margin : 30 + SIDE + margin, 100 - margin : 100 + SIDE + margin] < 128
    np.testing.assert_array_equal(cross.ink > 128, dark)


def test_at_most_so_many_boxes_of_a_class_are_cut(annotated):
    _, drawing = annotated
    drawing = dataclasses.replace(drawing, labels=np.array([0, 0, 1]))
    drawings = DrawingSet((drawing,), NAMES)
    assert sorted(cut_gallery(drawings, 1).labels.tolist()) == [0, 1]
    assert sorted(cut_gallery(drawings).labels.tolist()) == [0, 0, 1]
    chosen = {
        next(e.row for e in cut_gallery(drawings, 1, seed).examples if e.label == 0)
        for seed in range(8)
    }
    assert chosen == {0, 1}


def test_fewer_than_one_box_of_a_class_is_refused(annotated):
    with pytest.raises(ValueError, match="`examples_per_class` must be at least 1"):
        cut_gallery(DrawingSet((annotated[1],), NAMES), 0)


def test_a_label_without_a_name_is_refused():
    example = SymbolExample(1, np.zeros((9, 9), np.uint8), 1, True)
    with pytest.raises(ValueError, match="1 names, highest label 1"):
        SymbolGallery((example,), ("one",))


def test_a_quarter_turn_moves_pixels_only(gallery):
    arrow = gallery.examples[0]
    turned = arrow.turned(90)
    np.testing.assert_array_equal(turned.ink, np.rot90(arrow.ink, -1))
    np.testing.assert_array_equal(arrow.turned(450).ink, turned.ink)


def test_a_free_turn_fits_the_box_to_the_ink(gallery):
    ink = np.zeros((60, 60), np.uint8)
    ink[29:31, 10:50] = 255
    bar = SymbolExample(0, ink[8:52, 8:52], 2, False).turned(45)
    # A bar of 40 pixels reaches 40 / sqrt 2 = 28 pixels far each way.
    assert abs(bar.height - 28) <= 3 and abs(bar.width - 28) <= 3
