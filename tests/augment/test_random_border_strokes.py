import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.augment import RandomBorderStrokes
from simclr_tf.augment.random_border_strokes import draw_ink, stroke_coverage

SEED = tf.constant([5, 6])
PLACES = st.floats(-4, 14, width=16)


def drawings(count, height=20, width=30):
    """White pictures with a black dot of 2 x 2 in the middle, their ink."""
    pictures = np.full((count, height, width, 3), 255, np.float32)
    pictures[:, height // 2 : height // 2 + 2, width // 2 : width // 2 + 2] = 0
    return pictures


def strokes_of(layer, count=2000, height=20, width=30):
    return layer.draw_strokes(SEED, tf.zeros([count, height, width, 3])).numpy()


def loop_coverage(strokes, height, width):
    """Half the width less the distance to the nearest point of a segment, plus a half."""
    covered = np.zeros((height, width))
    for x, y, end_x, end_y, thickness in strokes:
        start, along = np.array([x, y]), np.array([end_x - x, end_y - y])
        for row in range(height):
            for column in range(width):
                point = np.array([column + 0.5, row + 0.5])
                place = np.clip((point - start) @ along / max(along @ along, 1e-6), 0, 1)
                distance = np.linalg.norm(point - start - place * along)
                covered[row, column] = max(covered[row, column], thickness / 2 + 0.5 - distance)
    return np.clip(covered, 0, 1)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(PLACES, PLACES, PLACES, PLACES, st.sampled_from([-1.0, 0.5, 1.0, 3.0])),
        min_size=1,
        max_size=3,
    )
)
def test_any_strokes_cover_what_the_loop_over_pixels_says(strokes):
    covered = stroke_coverage(tf.constant([strokes], tf.float32), tf.zeros([1, 9, 11, 3]))
    np.testing.assert_allclose(covered[0], loop_coverage(strokes, 9, 11), atol=1e-3)


def test_a_stroke_along_pixel_centres_covers_them_whole():
    covered = stroke_coverage(tf.constant([[[0, 3.5, 5.0, 3.5, 1]]]), tf.zeros([1, 8, 8, 3]))
    expected = np.zeros((8, 8))
    expected[3, :5] = 1
    # Beyond its round end the distance is .5: half a pixel of width is left.
    expected[3, 5] = 0.5
    np.testing.assert_allclose(covered[0], expected, atol=1e-6)


def test_strokes_begin_on_the_border_and_run_inwards():
    strokes = strokes_of(RandomBorderStrokes(count=(1, 1), lean=60))
    x, y, end_x, end_y, _ = strokes[:, 0].T
    left, right, top, bottom = x == 0, x == 30, y == 0, y == 20
    sides = np.stack([left, right, top, bottom])
    assert (sides.sum(axis=0) == 1).all()
    # 4 standard deviations: 4 · √(.25 · .75 / 2000) = .039
    np.testing.assert_allclose(sides.mean(axis=1), 0.25, atol=0.039)
    inwards = np.select([left, right, top, bottom], [end_x - x, x - end_x, end_y - y, y - end_y])
    length = np.hypot(end_x - x, end_y - y)
    # Shares .1 to .4 of the shorter side, 20 pixels; turned by 60 degrees at most.
    assert 2 <= length.min() < 2.1 and 7.9 < length.max() <= 8
    angle = np.degrees(np.arccos(np.clip(inwards / length, -1, 1)))
    assert 55 < angle.max() <= 60.1
    # Half of them stand upright; 4 · √(.25 / 2000) = .045
    assert (angle < 0.1).mean() == pytest.approx(0.5, abs=0.045)


def test_strokes_begin_uniformly_along_their_side():
    x, y = strokes_of(RandomBorderStrokes(count=(1, 1)))[:, 0, :2].T
    along = np.concatenate([x[(y == 0) | (y == 20)] / 30, y[(x == 0) | (x == 30)] / 20])
    # 4 standard deviations: 4 / √(12 · 2000) = .026
    assert along.mean() == pytest.approx(0.5, abs=0.026)
    assert along.min() < 0.01 and along.max() > 0.99


def test_their_number_is_uniform_and_their_width_in_range():
    widths = strokes_of(RandomBorderStrokes(count=(1, 3), width=(1.5, 2.5)))[..., 4]
    count = (widths >= 0).sum(axis=1)
    # 4 standard deviations: 4 · √(1/3 · 2/3 / 2000) = .042
    np.testing.assert_allclose(np.bincount(count, minlength=4)[1:] / 2000, 1 / 3, atol=0.042)
    drawn = widths[widths >= 0]
    assert drawn.min() >= 1.5 and drawn.max() <= 2.5
    # The first strokes are drawn, not any.
    assert ((widths >= 0) == (np.arange(3) < count[:, None])).all()


def test_strokes_have_the_ink_of_their_picture():
    pictures = drawings(2)
    pictures[1, 10:12, 15:17] = 200, 30, 30
    layer = RandomBorderStrokes(count=(3, 3), width=(3, 3), opacity=(1, 1), probability=1)
    result = layer.transform(tf.constant(pictures), SEED).numpy()
    for picture, before, ink in zip(result, pictures, ([0, 0, 0], [200, 30, 30]), strict=True):
        drawn = (picture != before).any(axis=-1)
        assert drawn.any()
        assert (np.abs(picture[drawn] - ink).max(axis=-1) < 1e-3).any()


def test_opacity_is_the_share_of_the_contrast():
    layer = RandomBorderStrokes(count=(2, 2), width=(4, 4), opacity=(0.5, 0.5), probability=1)
    result = layer.transform(tf.constant(drawings(50)), SEED).numpy()
    changed = result[(result != drawings(50))]
    assert changed.min() == pytest.approx(127.5, abs=0.01)


def test_ink_that_is_there_is_not_made_fainter():
    picture = drawings(1)
    picture[0, :5, :5] = 128
    result = draw_ink(tf.constant(picture), tf.ones([1, 20, 30])).numpy()
    assert (result <= picture).all()


def test_a_blank_picture_stays_blank():
    blank = np.full((8, 9, 9, 3), 190, np.float32)
    layer = RandomBorderStrokes(count=(4, 4), width=(3, 3), probability=1)
    np.testing.assert_allclose(layer.transform(tf.constant(blank), SEED), blank)


def test_the_share_of_changed_pictures_is_the_probability():
    layer = RandomBorderStrokes(probability=0.3)
    result = layer.transform(tf.constant(drawings(2000, 8, 8)), SEED).numpy()
    # 4 standard deviations: 4 · √(.3 · .7 / 2000) = .041
    changed = (result != drawings(2000, 8, 8)).any(axis=(1, 2, 3))
    assert changed.mean() == pytest.approx(0.3, abs=0.041)


def test_strokes_stay_within_their_length_of_the_border():
    layer = RandomBorderStrokes(count=(3, 3), length=(0.2, 0.2), width=(1, 1), probability=1)
    result = layer.transform(tf.constant(drawings(200, 40, 40)), SEED).numpy()
    changed = (result != drawings(200, 40, 40)).any(axis=(0, 3))
    # 8 pixels, and one for the round end.
    reach = math.ceil(0.2 * 40) + 1
    assert not changed[reach:-reach, reach:-reach].any()
    assert changed[0].all() and changed[:, -1].all()
