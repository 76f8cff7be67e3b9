import dataclasses

import numpy as np
import pytest
from PIL import Image

from simclr_tf.boxes import pairwise_iou
from simclr_tf.data import UnreadablePicture
from simclr_tf.data.drawings import CropSettings, cut_page, drawing_pages, read_page
from simclr_tf.data.drawings.crop_set import crop_set
from simclr_tf.data.drawings.crops import opened_page
from tests.data.drawings.drawn import BOXES, LABELS, PAPER, drawn_drawing, drawn_page

SETTINGS = CropSettings(margin=0.1, backgrounds_per_page=6)


def symbols(cut):
    return [crop for crop in cut.crops if crop.label >= 0]


def backgrounds(cut):
    return [crop for crop in cut.crops if crop.label < 0]


def test_every_symbol_is_cut_with_its_label_and_margin():
    page = drawn_page()
    found = symbols(cut_page(page, drawn_drawing(), SETTINGS))
    assert [crop.label for crop in found] == LABELS
    # 20 pixels and 2 on each side; 24 and 2.4, together 28.8; 8 and .8, together 9.6.
    assert [crop.pixels.shape for crop in found] == [(24, 24, 3), (29, 29, 3), (10, 10, 3)]
    np.testing.assert_array_equal(found[0].pixels, page[8:32, 8:32])
    assert found[0].window.tolist() == [8, 8, 32, 32]
    assert found[0].page == "plans/page.png"


def test_a_symbol_at_the_edge_stands_on_paper():
    bar = symbols(cut_page(drawn_page(), drawn_drawing(), SETTINGS))[1]
    x_min, _, x_max, _ = bar.window
    assert x_max > 120
    assert (bar.pixels[:, 120 - x_min :] == PAPER).all()


def test_backgrounds_have_no_label_and_the_sides_of_symbols():
    found = backgrounds(cut_page(drawn_page(), drawn_drawing(), SETTINGS))
    assert 0 < len(found) <= 6
    assert {crop.label for crop in found} == {-1}
    assert {len(crop.pixels) for crop in found} <= {24, 29, 10}
    windows = np.array([crop.window for crop in found], float)
    assert pairwise_iou(windows, np.array(BOXES, float)).max() <= 0.1


def test_the_crops_are_a_function_of_page_boxes_and_seed():
    def cut(seed=0, page=0, path="a.png"):
        settings = dataclasses.replace(SETTINGS, seed=seed)
        crops = cut_page(drawn_page(page), drawn_drawing(path=path), settings).crops
        return [crop.window.tolist() for crop in crops]

    assert cut() == cut(path="elsewhere/b.png")
    assert cut() != cut(seed=1)
    assert cut() != cut(page=1)


@pytest.mark.parametrize(
    ("box", "label", "reason"),
    [
        ([110, 10, 130, 30], 0, r"boxes\[1\]: the box \[110, 10, 130, 30\] reaches outside the p"),
        ([10, 10, 10, 30], 0, r"boxes\[1\]: the box \[10, 10, 10, 30\] has no area"),
        ([10, np.nan, 20, 30], 0, r"boxes\[1\]: .* is not finite"),
        ([10, 10, 12, 13], 0, r"boxes\[1\]: its longer side, 3 pixels, is below 4"),
        ([10, 10, 30, 30], 7, r"boxes\[1\]: the class 7 is unknown"),
        ([10, 10, 30, 30], -1, r"boxes\[1\]: the class -1 is unknown"),
    ],
)
def test_a_box_that_cannot_be_used_is_named_and_the_others_are_cut(box, label, reason):
    drawing = drawn_drawing([BOXES[0], box, BOXES[2]], [0, label, 1])
    cut = cut_page(drawn_page(), drawing, SETTINGS, class_count=2)
    assert [crop.label for crop in symbols(cut)] == [0, 1]
    (skipped,) = cut.skipped
    assert skipped.path == "plans/page.png"
    with pytest.raises(ValueError, match=reason):
        raise ValueError(skipped.reason)


def test_no_background_overlaps_a_box_that_cannot_be_used():
    # Everything left of the wall is said to be a symbol, a little beyond the page.
    drawing = drawn_drawing([BOXES[1], [-9, 0, 69, 90]], [0, 0])
    settings = dataclasses.replace(SETTINGS, backgrounds_per_page=50)
    found = backgrounds(cut_page(drawn_page(), drawing, settings))
    windows = np.array([crop.window for crop in found])
    assert len(windows)
    assert pairwise_iou(windows.astype(float), drawing.boxes[1:]).max() <= 0.1


def test_a_page_without_a_symbol_has_backgrounds_of_the_usual_sides():
    empty = drawn_drawing([], [])
    assert cut_page(drawn_page(), empty, SETTINGS).crops == ()
    cut = cut_page(drawn_page(), empty, SETTINGS, usual_sides=np.array([16.0]))
    assert {crop.pixels.shape for crop in cut.crops} == {(16, 16, 3)}


def test_a_blank_page_gives_nothing():
    blank = np.full((90, 120, 3), 255, np.uint8)
    cut = cut_page(blank, drawn_drawing([], []), SETTINGS, usual_sides=np.array([16.0]))
    assert (cut.crops, cut.skipped) == ((), ())


def test_pages_are_read_when_they_are_wanted(tmp_path):
    path = tmp_path / "page.png"
    Image.fromarray(drawn_page()).save(path)
    drawing = drawn_drawing(path=str(path))
    np.testing.assert_array_equal(read_page(drawing), drawn_page())
    ((pixels, listed),) = drawing_pages([drawing])
    assert listed is drawing
    np.testing.assert_array_equal(opened_page(pixels, drawing), drawn_page())


def test_a_page_that_is_missing_or_of_another_size_is_refused(tmp_path):
    with pytest.raises(UnreadablePicture, match="No such file"):
        read_page(drawn_drawing(path=str(tmp_path / "none.png")))
    with pytest.raises(UnreadablePicture, match=r"\(90, 120, 3\), not that of 60 x 90 pixels"):
        opened_page(drawn_page(), drawn_drawing(size=(60, 90)))


def test_a_set_of_crops_has_the_pixels_that_files_would_be_decoded_to(tmp_path):
    crops = cut_page(drawn_page(), drawn_drawing(), SETTINGS).crops
    pictures = crop_set(crops, ("square", "bar"), 10)
    assert pictures.images.shape == (len(crops), 10, 10, 3)
    assert pictures.labels.tolist() == [crop.label for crop in crops]
    assert pictures.class_names == ("square", "bar")
    assert pictures.ids[0] == "plans/page.png[8,8,32,32]"
    # The third has 10 pixels already: as it is.
    np.testing.assert_array_equal(pictures.images[2], crops[2].pixels)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("margin", -0.1, "must be between 0 and 2"),
        ("smallest_side", 0.5, "must be at least 1"),
        ("backgrounds_per_page", -1, "must be at least 0"),
        ("background_iou", 1.1, "must be between 0 and 1"),
        ("ink_share", 2.0, "must be between 0 and 1"),
        ("seed", -1, "must be at least 0"),
    ],
)
def test_a_setting_that_is_not_accepted_is_named(name, value, message):
    with pytest.raises(ValueError, match=f"`{name}` {message}. Received: {name}="):
        CropSettings(**{name: value})
