"""Symbols given as pictures: cut out of their paper and placed on plans with their box."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from simclr_tf.data.floor_plans import PlanClasses, draw_pages
from simclr_tf.data.floor_plans.picture_symbol import PictureShape, PictureSymbol
from simclr_tf.data.floor_plans.sheet import Sheet

WHITE, GREY, RED = (255, 255, 255), (128, 128, 128), (200, 20, 30)


def sign(width=40, height=20, margin=6):
    """A red sign on white with a white hole of a quarter of its width in the middle."""
    picture = Image.new("RGB", (width + 2 * margin, height + 2 * margin), WHITE)
    canvas = ImageDraw.Draw(picture)
    canvas.rectangle((margin, margin, margin + width - 1, margin + height - 1), fill=RED)
    middle, half = picture.width // 2, width // 8
    canvas.rectangle((middle - half, margin + 4, middle + half - 1, margin + height - 5), WHITE)
    return PictureSymbol("exit", np.asarray(picture))


def pasted(symbol, half, angle, centre=(60.0, 50.0)):
    sheet = Sheet(120, 100, GREY)
    box = PictureShape(symbol, half, angle).paint(sheet, np.array(centre))
    return box, sheet.finished()


def test_the_paper_around_a_sign_is_cut_off_and_that_within_it_stays():
    cut = sign().cut
    assert cut.size == (40, 20)
    assert np.asarray(cut)[:, :, 3].min() == 255
    assert cut.getpixel((20, 10)) == (*WHITE, 255)


def test_a_solid_sign_that_covers_most_of_its_picture_is_no_paper():
    cut = sign(margin=1).cut
    assert cut.size == (40, 20) and cut.getpixel((2, 2)) == (*RED, 255)


def test_a_round_sign_lets_the_page_show_at_its_corners():
    picture = Image.new("RGB", (40, 40), WHITE)
    ImageDraw.Draw(picture).ellipse((0, 0, 39, 39), fill=RED)
    box, page = pasted(PictureSymbol("round", np.asarray(picture)), 20, 0)
    left, top = int(box[0]), int(box[1])
    assert tuple(page[top + 1, left + 1]) == GREY
    assert tuple(page[top + 20, left + 20]) == RED


def test_the_box_is_that_of_the_sign_around_its_centre():
    # Half of the longer side is 20 pixels: 40 x 20 around (60, 50).
    box, page = pasted(sign(), 20, 0)
    assert box == (40.0, 40.0, 80.0, 60.0)
    changed = np.flatnonzero((page != GREY).any(axis=(0, 2)))
    assert (changed[0], changed[-1]) == (40, 79)


def test_a_quarter_turn_exchanges_the_sides():
    box, _ = pasted(sign(), 20, 90)
    assert np.allclose(box, (50, 30, 70, 70), atol=0.5)


def test_a_free_turn_makes_the_box_larger_and_is_clockwise():
    box, page = pasted(sign(), 20, 30)
    # 40 cos 30 + 20 sin 30 = 44.6; 40 sin 30 + 20 cos 30 = 37.3.
    assert np.allclose((box[2] - box[0], box[3] - box[1]), (44.6, 37.3), atol=1.5)
    # The right end goes down.
    assert tuple(page[57, 73]) == RED and tuple(page[43, 73]) == GREY


def test_thin_lines_stay_and_count_in_the_box():
    picture = Image.new("RGB", (256, 256), WHITE)
    canvas = ImageDraw.Draw(picture)
    canvas.line((2, 128, 253, 128), fill=(0, 0, 0), width=3)
    canvas.ellipse((88, 88, 168, 168), outline=(0, 0, 0), width=8)
    box, _ = pasted(PictureSymbol("valve", np.asarray(picture)), 16, 0)
    # The line is 252 pixels long, the circle 81 high: 32 x 10.3.
    assert np.allclose((box[2] - box[0], box[3] - box[1]), (32, 10.3), atol=1)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 4)])
def test_what_is_no_picture_in_colour_is_refused(shape):
    with pytest.raises(ValueError, match=r"`picture` must be uint8 \[height, width, 3\]"):
        PictureSymbol("none", np.zeros(shape, np.uint8))


def test_a_picture_of_paper_alone_is_refused():
    blank = np.full((10, 10, 3), 240, np.uint8)
    with pytest.raises(ValueError, match="`picture` of 'none' must show more than its paper"):
        PictureSymbol("none", blank)


def test_they_stand_on_pages_in_the_place_of_drawn_symbols():
    classes = PlanClasses((sign(),), seen=(0,), unseen=())
    ((page, drawing),) = draw_pages(classes, "test", [0])
    assert len(drawing) >= 1 and set(drawing.labels.tolist()) == {0}
    assert page.dtype == np.uint8
    sides = drawing.boxes[:, 2:] - drawing.boxes[:, :2]
    assert (sides > 4).all()
