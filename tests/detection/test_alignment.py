import numpy as np
import pytest

from simclr_tf.detection.alignment import FINE, ROUGH, Aligner
from simclr_tf.detection.ink import ink_map
from tests.detection.drawn import SIDE, draw_page


def aligned(aligner, ink, box):
    _, rough = aligner.fit(ink, box, ROUGH)
    correlation, fine = aligner.fit(ink, rough, FINE)
    return aligner.measured(ink, fine, correlation)


@pytest.fixture
def ink():
    return ink_map(draw_page([("house", 80, 100, 0)]))


@pytest.mark.parametrize("shift", [(0, 0), (3, -2), (-2, 3)])
def test_a_shifted_box_returns_to_its_symbol(gallery, ink, shift):
    x, y = 80 + shift[0], 100 + shift[1]
    fit = aligned(Aligner(gallery.examples[2], SIDE), ink, (x, y, x + SIDE, y + SIDE))
    np.testing.assert_allclose(fit.box, (80, 100, 80 + SIDE, 100 + SIDE), atol=1.5)
    assert fit.correlation > 0.95 and fit.found > 0.95 and fit.explained > 0.95


def test_a_stretched_box_returns_to_its_symbol(gallery, ink):
    box = (78, 100, 82 + SIDE, 100 + SIDE)
    fit = aligned(Aligner(gallery.examples[2], SIDE), ink, box)
    np.testing.assert_allclose(fit.box, (80, 100, 80 + SIDE, 100 + SIDE), atol=2)


def test_another_symbol_fits_less(gallery, ink):
    box = (80, 100, 80 + SIDE, 100 + SIDE)
    house, arrow = (aligned(Aligner(gallery.examples[row], SIDE), ink, box) for row in (2, 0))
    assert house.correlation > arrow.correlation + 0.3
    assert house.found > arrow.found


def test_without_one_part_an_example_is_far_from_complete(gallery, ink):
    box = (80, 100, 80 + SIDE, 100 + SIDE)
    # A quarter of the house is gone.
    part = ink.copy()
    part[100 : 100 + SIDE // 2, 80 : 80 + SIDE // 2] = 0
    whole, rest = (aligned(Aligner(gallery.examples[2], SIDE), page, box) for page in (ink, part))
    assert whole.completeness == whole.correlation * whole.found * (1 - whole.missing) > 0.9
    # It loses more than the correlation does.
    assert rest.completeness / whole.completeness < 0.7 * rest.correlation / whole.correlation


def test_no_ink_is_no_fit(gallery):
    fit = aligned(Aligner(gallery.examples[0], SIDE), np.zeros((90, 90), np.uint8), (9, 9, 41, 41))
    assert fit.correlation == pytest.approx(0, abs=1e-6) and fit.found == 0


def test_a_box_may_reach_over_the_edge(gallery, ink):
    fit = Aligner(gallery.examples[1], SIDE).fit(ink, (-10, -10, SIDE - 10, SIDE - 10), FINE)
    assert np.isfinite(fit[0])
