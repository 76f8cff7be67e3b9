import numpy as np
from PIL import Image, ImageDraw

from simclr_tf.boxes import pairwise_iou
from simclr_tf.detection import DetectorSettings, read_gallery
from simclr_tf.detection.candidate_finder import CandidateFinder
from simclr_tf.detection.candidates import EVIDENCE
from tests.detection.drawn import box_at, draw_page


def test_a_disturbed_symbol_is_found_beside_clear_ones_that_fit_at_several_sizes(symbol_folder):
    # The clear ones at a wrong size fit better than the disturbed one does at its own.
    corners = [(20, 10), (90, 115), (160, 30), (200, 115)]
    page = draw_page([("cross", x, y, 0) for x, y in corners])
    page[112:148, 216:218] = 0
    settings = DetectorSettings(smallest_symbol=20, largest_symbol=60, places_per_class=4)
    found = CandidateFinder(None, read_gallery(symbol_folder), settings, image_size=64)(page)
    crosses = found.boxes[found.labels == 1]
    overlap = pairwise_iou(np.array([box_at(x, y) for x, y in corners], float), crosses)
    assert len(crosses) <= 4
    assert (overlap.max(axis=1) > 0.6).all(), overlap.max(axis=1)


def barred_frame(side):
    """A crossed frame, the same at every quarter turn, and a bar above it, 3 : 4."""
    picture = Image.new("L", (side, side * 4 // 3), 255)
    canvas = ImageDraw.Draw(picture)
    width, left, top, right, bottom = 2, 0, side // 3, side - 1, side * 4 // 3 - 1
    canvas.rectangle((left, top, right, bottom), outline=0, width=width)
    canvas.line((left, top, right, bottom), 0, width)
    canvas.line((left, bottom, right, top), 0, width)
    canvas.line((left, 1, right, 1), 0, width)
    return np.array(picture)


def test_a_wrong_turn_that_looks_better_at_first_does_not_hide_the_right_one(tmp_path):
    symbol = barred_frame(60)
    Image.fromarray(np.pad(symbol, 8, constant_values=255)).save(tmp_path / "barred.png")
    page = np.full((160, 200), 255, np.uint8)
    page[50:90, 80:110] = barred_frame(30)
    # Half of the bar is hidden, and a wall stands about where another turn would have it.
    page[50:53, 95:110] = 255
    page[50:100, 67:70] = 0
    settings = DetectorSettings(smallest_symbol=30, largest_symbol=50)
    found = CandidateFinder(None, read_gallery(tmp_path), settings, image_size=64)(page)
    best = found.boxes[found.evidence[:, EVIDENCE.index("correlation")].argmax()]
    assert pairwise_iou(np.array([[80.0, 50, 110, 90]]), best[None])[0, 0] > 0.8


def test_thin_lines_at_any_angle_are_fitted_to_a_few_degrees(tmp_path):
    symbol = np.pad(barred_frame(60), 30, constant_values=255)
    Image.fromarray(symbol).save(tmp_path / "barred.png")
    # 12 angles are 30 degrees apart; 22.5 is as far from 15 as from 30, where the search and its
    # middle are, and is reached by the last halving.
    turned = Image.fromarray(symbol).rotate(-22.5, Image.Resampling.BICUBIC, fillcolor=255)
    page = np.full((200, 240), 255, np.uint8)
    page[20:160, 40:160] = np.array(turned)
    settings = DetectorSettings(angles=12, smallest_symbol=80, largest_symbol=110)
    found = CandidateFinder(None, read_gallery(tmp_path), settings, image_size=64)(page)
    correlation = found.evidence[:, EVIDENCE.index("correlation")].max()
    assert correlation > 0.9, correlation
