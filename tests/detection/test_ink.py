import numpy as np
import pytest

from simclr_tf.detection.ink import ink_map


def page_of(paper, ink):
    page = np.empty((20, 30, 3), np.uint8)
    page[:] = paper
    page[5:8, 4:20] = ink
    return page


@pytest.mark.parametrize(
    ("paper", "ink"),
    [
        ((255, 255, 255), (0, 0, 0)),
        ((205, 205, 205), (10, 10, 10)),
        ((35, 70, 140), (240, 245, 250)),
        ((255, 255, 255), (200, 20, 30)),
    ],
)
def test_ink_is_the_same_on_every_paper(paper, ink):
    found = ink_map(page_of(paper, ink))
    assert (found[5:8, 4:20] == 255).all()
    found[5:8, 4:20] = 0
    assert not found.any()


def test_a_grey_page_has_the_ink_of_the_same_page_in_colour():
    page = page_of((250, 250, 250), (90, 90, 90))
    np.testing.assert_array_equal(ink_map(page), ink_map(page[..., 0]))


def test_a_light_pen_counts_less_than_a_dark_one():
    page = np.full((20, 30), 255, np.uint8)
    page[2:6], page[10] = 0, 140
    found = ink_map(page)
    assert (found[2:6] == 255).all()
    assert ((found[10] > 60) & (found[10] < 200)).all()


@pytest.mark.parametrize("value", [0, 255])
def test_a_blank_page_has_no_ink(value):
    assert not ink_map(np.full((9, 7, 3), value, np.uint8)).any()


def test_faint_dirt_is_no_ink():
    rng = np.random.default_rng(0)
    page = rng.integers(247, 256, (40, 40)).astype(np.uint8)
    assert not ink_map(page).any()


@pytest.mark.parametrize(
    "page", [np.zeros((3, 4)), np.zeros((3, 4, 4), np.uint8), np.zeros((0, 4), np.uint8)]
)
def test_what_is_no_page_is_refused(page):
    with pytest.raises(ValueError, match=r"`page` must be uint8 \[height, width\]"):
        ink_map(page)
