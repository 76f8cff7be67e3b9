import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from simclr_tf.augment import RandomLineWeight
from simclr_tf.augment.random_line_weight import change_line_weight

PAPER, INK = 240.0, 20.0


def line(width=1, paper=PAPER, ink=INK):
    """A vertical line of so many pixels in a picture of 15 x 15."""
    picture = np.full((1, 15, 15, 3), paper, np.float32)
    picture[0, :, 7 : 7 + width] = ink
    return picture


def changed(picture, change, most=3):
    return change_line_weight(tf.constant(picture), tf.constant([change], tf.float32), most).numpy()


def loop_extremes(picture, extreme):
    """The least or greatest of each pixel's 3 x 3 neighbours inside the picture."""
    height, width, _ = picture.shape
    result = np.empty_like(picture)
    for row in range(height):
        for column in range(width):
            around = picture[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            result[row, column] = extreme(around, axis=(0, 1))
    return result


@settings(max_examples=20, deadline=None)
@given(
    picture=hnp.arrays(np.uint8, st.tuples(st.integers(2, 7), st.integers(2, 7), st.just(3))),
    change=st.floats(-2.5, 2.5, width=32),
)
def test_any_picture_equals_the_loop_over_its_pixels(picture, change):
    picture = picture.astype(np.float32)
    inside = np.zeros(picture.shape[:2], bool)
    inside[1:-1, 1:-1] = True
    paper = np.median(picture[~inside], axis=0).mean()
    if abs(picture.mean() - paper) < 1e-3:
        return  # Which of the two is ink is a matter of rounding.
    dark_ink = picture.mean() <= paper
    extreme = np.min if dark_ink == (change > 0) else np.max
    expected, left = picture, abs(change)
    while left > 0:
        grown = loop_extremes(expected, extreme)
        expected = expected + min(left, 1) * (grown - expected)
        left -= 1
    np.testing.assert_allclose(changed(picture[None], change)[0], expected, atol=1e-2)


@pytest.mark.parametrize(("paper", "ink"), [(PAPER, INK), (INK, PAPER)])
def test_a_line_gains_whole_pixels_on_both_sides(paper, ink):
    # One pixel and two more on either side: five, on white paper as on a blueprint.
    np.testing.assert_array_equal(changed(line(1, paper, ink), 2.0)[0, 0, 5:10], ink)
    np.testing.assert_array_equal(changed(line(1, paper, ink), 2.0)[0, 0, [4, 10]], paper)


def test_a_part_of_a_pixel_is_a_part_of_the_contrast():
    thicker = changed(line(), 0.25)[0, 0, :, 0]
    assert thicker[6:9].tolist() == [PAPER - 0.25 * 220, INK, PAPER - 0.25 * 220]
    thinner = changed(line(), -0.25)[0, 0, :, 0]
    assert thinner[6:9].tolist() == [PAPER, INK + 0.25 * 220, PAPER]


def test_a_line_of_five_pixels_thinned_by_one_has_three():
    thinner = changed(line(5), -1.0)[0, 0, :, 0]
    assert thinner[6:13].tolist() == [PAPER, PAPER, INK, INK, INK, PAPER, PAPER]


def test_a_blank_picture_stays_blank():
    for change in (-2.0, 2.0):
        np.testing.assert_array_equal(changed(line(0), change), PAPER)


def test_the_changes_are_uniform_between_thin_and_thicken():
    pictures = np.repeat(line(3), 2000, axis=0)
    layer = RandomLineWeight(thin=1.0, thicken=2.0, probability=1.0)
    result = layer.transform(tf.constant(pictures), tf.constant([1, 2])).numpy()
    # Ink of the middle row in pixels, less the 3 before, on two sides.
    change = (((PAPER - result[:, 7, :, 0]) / (PAPER - INK)).sum(axis=1) - 3) / 2
    assert -1.001 <= change.min() < -0.98
    assert 1.98 < change.max() <= 2.001
    # 4 standard deviations of the mean: 4 · 3/√12 / √2000 = .078
    assert change.mean() == pytest.approx(0.5, abs=0.078)


def test_the_share_of_changed_pictures_is_the_probability():
    pictures = np.repeat(line(), 2000, axis=0)
    layer = RandomLineWeight(probability=0.3)
    result = layer.transform(tf.constant(pictures), tf.constant([3, 4])).numpy()
    # 4 standard deviations: 4 · √(.3 · .7 / 2000) = .041
    assert (result != pictures).any(axis=(1, 2, 3)).mean() == pytest.approx(0.3, abs=0.041)
