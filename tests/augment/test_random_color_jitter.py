import colorsys
import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.augment import RandomColorJitter
from simclr_tf.augment.plane_layer import from_planes, to_planes
from simclr_tf.augment.random_color_jitter import jitter_colors

BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)
OPERATIONS = ["brightness", "contrast", "saturation", "hue"]
ORDERS = np.array(list(itertools.permutations(range(4))), np.int32)
SEED = tf.constant([5, 6])


def grey(image):
    return image @ np.array([0.299, 0.587, 0.114])


def turn_hue(image, turn):
    """Every pixel through the HSV of the standard library."""
    result = np.empty_like(image)
    for place in np.ndindex(image.shape[:2]):
        hue, saturation, value = colorsys.rgb_to_hsv(*image[place] / 255)
        result[place] = colorsys.hsv_to_rgb((hue + turn) % 1.0, saturation, value)
    return 255 * result


def slow_jitter(image, factors, turn, order):
    """The four changes of torchvision's ColorJitter one after the other, clipped after each."""
    image = image.astype("float64")
    for operation in order:
        if operation == HUE:
            image = turn_hue(image, turn)
            continue
        other = {
            BRIGHTNESS: 0.0,
            CONTRAST: np.mean(grey(image)),
            SATURATION: grey(image)[..., None],
        }[operation]
        image = factors[operation] * image + (1 - factors[operation]) * other
        image = np.clip(image, 0, 255)
    return image


def expected_of(images, factors, turns, orders):
    return np.stack([slow_jitter(*row) for row in zip(images, factors, turns, orders, strict=True)])


def result_of(images, factors, turns, orders):
    arguments = tf.constant(factors, tf.float32), tf.constant(turns, tf.float32)
    planes = jitter_colors(to_planes(images), *arguments, tf.constant(orders))
    return from_planes(planes).numpy()


def pictures(count, height=4, width=5, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8)


@pytest.mark.parametrize("operation", range(3), ids=OPERATIONS[:3])
@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 1.7])
def test_one_blend_alone_equals_its_formula(operation, factor):
    factors = np.ones((3, 3))
    factors[:, operation] = factor
    arguments = pictures(3), factors, np.zeros(3), ORDERS[[0, 9, 23]]
    np.testing.assert_allclose(result_of(*arguments), expected_of(*arguments), atol=1e-2)


@pytest.mark.parametrize("turn", [-0.5, -0.2, 0.1, 1 / 3])
def test_a_turn_of_the_hue_alone_equals_colorsys(turn):
    arguments = pictures(3), np.ones((3, 3)), np.full(3, turn), ORDERS[[0, 9, 23]]
    np.testing.assert_allclose(result_of(*arguments), expected_of(*arguments), atol=1e-2)


def test_a_third_of_the_circle_turns_red_to_green_to_blue_and_leaves_grey():
    # value and chroma stay: (200, 40, 40) has value 200 and chroma 160
    image = np.array([[[[200, 40, 40], [40, 200, 40], [90, 90, 90], [0, 0, 0]]]], np.uint8)
    result = result_of(image, np.ones((1, 3)), [1 / 3], ORDERS[:1])
    expected = [[[[40, 200, 40], [40, 40, 200], [90, 90, 90], [0, 0, 0]]]]
    np.testing.assert_allclose(result, expected, atol=1e-2)


def test_every_order_is_kept_with_clipping_after_each_change():
    # 24 copies of one picture: strong factors, so that clipping and order change the result
    images = np.repeat(pictures(1), 24, axis=0)
    factors, turns = np.tile([1.6, 1.8, 1.9], (24, 1)), np.full(24, 0.2)
    expected = expected_of(images, factors, turns, ORDERS)
    np.testing.assert_allclose(result_of(images, factors, turns, ORDERS), expected, atol=2e-2)
    differences = np.abs(expected[:, None] - expected[None]).max(axis=(2, 3, 4))
    assert np.min(differences + np.eye(24) * 255) > 1  # no two orders can pass for one another


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_draw_equals_the_slow_reading(data):
    count = data.draw(st.integers(1, 4))
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    arguments = (
        generator.integers(0, 256, (count, 2, 3, 3), np.uint8),
        generator.uniform(0, 2, (count, 3)).astype("float32"),
        generator.uniform(-0.5, 0.5, count).astype("float32"),
        ORDERS[generator.integers(0, 24, count)],
    )
    np.testing.assert_allclose(result_of(*arguments), expected_of(*arguments), atol=5e-2)


def test_without_hue_the_result_is_that_of_a_turn_of_0():
    planes, order = to_planes(pictures(24)), tf.constant(ORDERS)
    factors = tf.random.stateless_uniform([24, 3], SEED, 0.2, 1.8)
    without = jitter_colors(planes, factors, None, order)
    np.testing.assert_allclose(
        without, jitter_colors(planes, factors, tf.zeros(24), order), atol=1e-2
    )


def test_the_layer_applies_what_it_draws():
    layer = RandomColorJitter(0.8, 0.8, 0.8, 0.2, probability=0.8)
    images = pictures(12)
    factors, turns, order = (value.numpy() for value in layer.draw(SEED, 12))
    result = layer.transform(tf.constant(images), SEED)
    np.testing.assert_allclose(result, expected_of(images, factors, turns, order), atol=5e-2)


def draw(count=6000, **arguments):
    drawn = RandomColorJitter(**{"probability": 1.0, **arguments}).draw(SEED, count)
    return [value.numpy() for value in drawn]


def assert_uniform(values, low, high):
    """Kolmogorov-Smirnov: 1.95 / sqrt(n) is passed once in a thousand times."""
    values = np.sort((values - low) / (high - low))
    distance = np.max(np.abs(values - (np.arange(len(values)) + 0.5) / len(values)))
    assert distance < 1.95 / np.sqrt(len(values))


@pytest.mark.parametrize("operation", range(3), ids=OPERATIONS[:3])
@pytest.mark.parametrize(("strength", "low", "high"), [(0.4, 0.6, 1.4), (1.5, 0.0, 2.5)])
def test_factors_are_uniform_around_1_and_never_negative(operation, strength, low, high):
    factors, _, _ = draw(**{OPERATIONS[operation]: strength})
    assert_uniform(factors[:, operation], low, high)


def test_turns_are_uniform_on_both_sides_of_0():
    _, turns, _ = draw(hue=0.2)
    assert_uniform(turns, -0.2, 0.2)


def test_factors_and_turns_are_independent():
    factors, turns, _ = draw()
    correlations = np.corrcoef(np.column_stack([factors, turns]), rowvar=False)
    assert np.max(np.abs(correlations - np.eye(4))) < 0.05  # 3.9 / sqrt(6000)


def test_all_24_orders_are_equally_likely():
    _, _, order = draw()
    found, counts = np.unique(order, axis=0, return_counts=True)
    assert np.array_equal(found, ORDERS)
    # 250 expected; 4.5 standard deviations: 4.5 * sqrt(250 * 23 / 24) = 70
    assert np.max(np.abs(counts - 250)) < 70


def test_pictures_not_chosen_have_factors_1_and_turn_0():
    factors, turns, _ = draw(probability=0.3)
    changed = np.any(factors != 1, axis=1)
    assert np.array_equal(changed, turns != 0)
    # 4 standard deviations of the share: 4 * sqrt(0.3 * 0.7 / 6000) = 0.024
    assert np.mean(changed) == pytest.approx(0.3, abs=0.024)


def test_without_any_strength_nothing_is_drawn():
    factors, turns, order = RandomColorJitter(0, 0, 0, 0).draw(SEED, 3)
    np.testing.assert_array_equal(factors, np.ones((3, 3)))
    np.testing.assert_array_equal(turns, np.zeros(3))
    assert order.shape == (3, 0)
