import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageOps

from simclr_tf.augment import TrivialAugmentWide
from simclr_tf.augment.operation_space import OPERATIONS, apply_operations
from simclr_tf.augment.trivial_augment_wide import WIDE_RANGES


def pictures(count=1, size=20, seed=0):
    generator = np.random.default_rng(seed)
    small = generator.integers(0, 256, (count, 5, 5, 3)).astype("uint8")
    # Smooth, so that nearest and bilinear sampling come close.
    return np.stack([np.asarray(Image.fromarray(image).resize((size, size), 2)) for image in small])


def applied(images, name, strength, sign=1.0, fill=0.0):
    count = len(images)
    return apply_operations(
        tf.constant(images),
        tf.fill([count], OPERATIONS.index(name)),
        tf.fill([count], float(strength)),
        tf.fill([count], float(sign)),
        WIDE_RANGES,
        fill,
    ).numpy()


def affine(a, b, c, d, e, f):
    def transform(image):
        return image.transform(image.size, Image.Transform.AFFINE, (a, b, c, d, e, f), 2)

    return transform


# What the reference code does with Pillow at strength s and direction v = ±s.
REFERENCE = {
    "identity": lambda v, s: lambda image: image,
    "shear_x": lambda v, s: affine(1, 0.99 * v, 0, 0, 1, 0),
    "shear_y": lambda v, s: affine(1, 0, 0, 0.99 * v, 1, 0),
    "translate_x": lambda v, s: affine(1, 0, 32 * v, 0, 1, 0),
    "translate_y": lambda v, s: affine(1, 0, 0, 0, 1, 32 * v),
    "rotate": lambda v, s: lambda image: image.rotate(135 * v, 2),
    "brightness": lambda v, s: lambda image: ImageEnhance.Brightness(image).enhance(1 + 0.99 * v),
    "contrast": lambda v, s: lambda image: ImageEnhance.Contrast(image).enhance(1 + 0.99 * v),
    "color": lambda v, s: lambda image: ImageEnhance.Color(image).enhance(1 + 0.99 * v),
    "sharpness": lambda v, s: lambda image: ImageEnhance.Sharpness(image).enhance(1 + 0.99 * v),
    "posterize": lambda v, s: lambda image: ImageOps.posterize(image, 8 - round(6 * s)),
    "solarize": lambda v, s: lambda image: ImageOps.solarize(image, 255 * (1 - s)),
    "auto_contrast": lambda v, s: ImageOps.autocontrast,
    "equalize": lambda v, s: ImageOps.equalize,
}


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("strength", [0.0, 7 / 30, 1.0])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_that_of_the_reference_code(name, strength, sign):
    image = pictures()[0]
    function = REFERENCE[name](sign * strength, strength)
    expected = np.asarray(function(Image.fromarray(image))).astype("float32")
    result = applied(image[None], name, strength, sign)[0]
    # Pillow rounds at several places; at the border of a warped picture it fills all or nothing.
    different = np.abs(result - expected).max(axis=-1) > 2.5
    warped = name.startswith(("shear", "rotate", "translate")) and strength > 0
    assert different.mean() <= (0.15 if warped else 0)


def test_operations_are_drawn_equally_often_and_apart_from_strength_and_sign():
    operation, strength, sign = TrivialAugmentWide().draw(tf.constant([1, 2]), 14_000)
    counts = np.bincount(operation, minlength=14)
    # 1000 each; 4 standard deviations: 4 · √(14000 · 1/14 · 13/14) = 122
    assert np.abs(counts - 1000).max() < 122
    assert sorted(set(np.round(strength * 30).astype(int).tolist())) == list(range(31))
    # 4 standard deviations of a mean of 0..1: 4 · .2981 / √14000 = .0101
    assert np.mean(strength) == pytest.approx(0.5, abs=0.0101)
    assert set(sign.numpy()) == {-1.0, 1.0}
    assert np.mean(sign) == pytest.approx(0, abs=4 / np.sqrt(14_000))
    correlations = np.corrcoef([operation, strength, sign])
    assert np.abs(correlations - np.eye(3)).max() < 4 / np.sqrt(14_000)


def test_pictures_of_one_batch_keep_their_places():
    images = pictures(14)
    together = apply_operations(
        tf.constant(images), tf.range(14)[::-1], tf.fill([14], 0.5), tf.ones([14]), WIDE_RANGES
    )
    for row, name in enumerate(reversed(OPERATIONS)):
        alone = applied(images[row : row + 1], name, 0.5)[0]
        np.testing.assert_allclose(together[row], alone, atol=1e-3)


def test_what_comes_in_from_outside_has_the_value_of_fill():
    # Moved by 32 pixels a picture of 20 is all outside.
    assert (applied(pictures(), "translate_x", 1.0, fill=99.0) == 99).all()


def test_strengths_of_warped_and_blended_pictures_begin_at_the_picture_itself():
    images = pictures(2)
    for name in OPERATIONS[:10]:
        np.testing.assert_allclose(applied(images, name, 0.0), images, atol=1e-2)
