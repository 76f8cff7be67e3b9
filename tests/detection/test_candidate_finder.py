import numpy as np

from simclr_tf.boxes import pairwise_iou
from simclr_tf.detection import DetectorSettings, read_gallery
from simclr_tf.detection.candidate_finder import CandidateFinder
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
