import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageOps

from simclr_tf.augment import RandAugment
from simclr_tf.augment.operation_space import OPERATIONS, apply_operations
from simclr_tf.augment.rand_augment import RANGES
from tests.augment.test_trivial_augment_wide import affine, pictures

SIZE = 20
# What torchvision's RandAugment does with Pillow at strength s and direction v = ±s: its own
# ranges; the other operations are those of TrivialAugment.
REFERENCE = {
    "shear_x": lambda v, s: affine(1, 0.3 * v, 0, 0, 1, 0),
    "shear_y": lambda v, s: affine(1, 0, 0, 0.3 * v, 1, 0),
    "translate_x": lambda v, s: affine(1, 0, 150 / 331 * SIZE * v, 0, 1, 0),
    "translate_y": lambda v, s: affine(1, 0, 0, 0, 1, 150 / 331 * SIZE * v),
    "rotate": lambda v, s: lambda image: image.rotate(30 * v, 2),
    "brightness": lambda v, s: lambda image: ImageEnhance.Brightness(image).enhance(1 + 0.9 * v),
    "contrast": lambda v, s: lambda image: ImageEnhance.Contrast(image).enhance(1 + 0.9 * v),
    "color": lambda v, s: lambda image: ImageEnhance.Color(image).enhance(1 + 0.9 * v),
    "sharpness": lambda v, s: lambda image: ImageEnhance.Sharpness(image).enhance(1 + 0.9 * v),
    "posterize": lambda v, s: lambda image: ImageOps.posterize(image, 8 - round(4 * s)),
}


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("strength", [9 / 30, 1.0])
@pytest.mark.parametrize("name", REFERENCE)
def test_strengths_are_those_of_torchvision(name, strength, sign):
    image = pictures(size=SIZE)[0]
    function = REFERENCE[name](sign * strength, strength)
    expected = np.asarray(function(Image.fromarray(image))).astype("float32")
    result = apply_operations(
        tf.constant(image[None]),
        tf.constant([OPERATIONS.index(name)]),
        tf.constant([strength], tf.float32),
        tf.constant([sign], tf.float32),
        RANGES,
    )[0]
    # Pillow rounds at several places; at the border of a warped picture it fills all or nothing.
    different = np.abs(result - expected).max(axis=-1) > 2.5
    warped = name.startswith(("shear", "rotate", "translate"))
    assert different.mean() <= (0.15 if warped else 0)


def test_operations_are_drawn_equally_often_and_independently():
    operation, sign = RandAugment(num_ops=2).draw(tf.constant([1, 2]), 14_000)
    assert operation.shape == sign.shape == (2, 14_000)
    for row in operation.numpy():
        # 1000 each; 4 standard deviations: 4 · √(14000 · 1/14 · 13/14) = 122
        assert np.abs(np.bincount(row, minlength=14) - 1000).max() < 122
    assert set(sign.numpy().ravel()) == {-1.0, 1.0}
    correlations = np.corrcoef([*operation, *sign])
    assert np.abs(correlations - np.eye(4)).max() < 4 / np.sqrt(14_000)
    # With replacement: a fourteenth draws the same operation twice; 4 · √(1/14 · 13/14 / 14000).
    same = np.mean(operation[0] == operation[1])
    assert same == pytest.approx(1 / 14, abs=0.0087)


def test_operations_follow_one_another():
    images, seed = tf.constant(pictures(12)), tf.constant([3, 4])
    layer = RandAugment(num_ops=3, magnitude=15, fill=40.0)
    expected = tf.cast(images, tf.float32)
    operation, sign = layer.draw(seed, 12)
    for number in range(3):
        # Magnitude 15 of 30 is half of the strength.
        expected = apply_operations(
            expected, operation[number], tf.fill([12], 0.5), sign[number], RANGES, 40.0
        )
    np.testing.assert_array_equal(layer.transform(images, seed), expected)


def test_a_larger_magnitude_changes_pictures_more():
    images, seed = tf.cast(pictures(64), tf.float32), tf.constant([5, 6])

    def change(magnitude):
        return np.mean(np.abs(RandAugment(1, magnitude).transform(images, seed) - images))

    assert change(5) < change(15) < change(30)
