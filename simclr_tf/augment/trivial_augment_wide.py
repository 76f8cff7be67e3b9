"""One random operation of random strength for each picture."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from simclr_tf.augment import operations
from simclr_tf.augment.random_color_jitter import jitter_colors
from simclr_tf.augment.random_layer import RandomLayer
from simclr_tf.checks import check_between

OPERATIONS = (
    "identity",
    "shear_x",
    "shear_y",
    "translate_x",
    "translate_y",
    "rotate",
    "brightness",
    "contrast",
    "color",
    "sharpness",
    "posterize",
    "solarize",
    "auto_contrast",
    "equalize",
)
LEVELS = 31
_SHEAR, _PIXELS, _DEGREES, _BLEND, _BITS = 0.99, 32.0, 135.0, 0.99, 6.0
# The group of each operation: what is computed together.
_GROUPS = (0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4, 5, 6, 7)


@keras.saving.register_keras_serializable(package="simclr_tf")
class TrivialAugmentWide(RandomLayer):
    """Applies one of 14 operations, drawn for each picture with its strength; nothing to tune.

    Operation, one of 31 equal steps of strength, and direction are uniform. Strengths end at:
    shear .99, translation 32 pixels, rotation 135°; brightness, contrast, colour and sharpness
    factors .01 and 1.99; posterise to 2 bits; solarise from 0 on. Auto-contrast, equalise and
    identity have none. Pictures are sampled bilinearly, where the reference code takes the
    nearest pixel. Each picture is computed by its own operation only.

    Args:
        fill: value of what comes in from outside the picture, 0..255.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if `fill` is outside 0..255.

    Example:
        >>> augmented = TrivialAugmentWide(seed=0)(pictures)

    Reference:
        Müller & Hutter 2021, "TrivialAugment", table 1, column Wide.
    """

    def __init__(self, fill: float = 0.0, seed: int | None = None, **kwargs) -> None:
        super().__init__(seed=seed, **kwargs)
        check_between("fill", fill, 0, 255)
        self.fill = fill

    def draw(self, seed: tf.Tensor, batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Draws what happens to each picture.

        Returns:
            operation: int32 `[batch]`, places in `OPERATIONS`.
            strength: float32 `[batch]`, 0..1 in 31 steps.
            sign: float32 `[batch]`, −1 or 1.
        """
        operation_seed, level_seed, sign_seed = tf.unstack(tf.random.split(seed, 3), num=3)

        def whole(own_seed, count):
            return tf.random.stateless_uniform([batch], own_seed, 0, count, tf.int32)

        strength = tf.cast(whole(level_seed, LEVELS), tf.float32) / (LEVELS - 1)
        sign = 2.0 * tf.cast(whole(sign_seed, 2), tf.float32) - 1.0
        return whole(operation_seed, len(OPERATIONS)), strength, sign

    def transform(self, images, seed):
        return apply_operations(images, *self.draw(seed, tf.shape(images)[0]), self.fill)

    def get_config(self):
        return {**super().get_config(), "fill": self.fill}


def apply_operations(
    images: tf.Tensor, operation: tf.Tensor, strength: tf.Tensor, sign: tf.Tensor, fill: float = 0.0
) -> tf.Tensor:
    """Applies drawn operations; arguments as `TrivialAugmentWide.draw` returns them.

    Args:
        images: `[batch, height, width, 3]`, uint8 or floating, 0..255.
        operation: int32 `[batch]`, places in `OPERATIONS`.
        strength: float32 `[batch]`, 0..1.
        sign: float32 `[batch]`, −1 or 1, for operations that have a direction.
        fill: value of what comes in from outside the picture.

    Returns:
        float32 `[batch, height, width, 3]`.
    """
    images = tf.cast(images, tf.float32)
    group = tf.gather(tf.constant(_GROUPS), operation)
    groups = tf.dynamic_partition(tf.range(tf.shape(images)[0]), group, max(_GROUPS) + 1)
    parts = [
        (tf.gather(images, rows), tf.gather(operation, rows), tf.gather(strength, rows), rows)
        for rows in groups
    ]
    signs = [tf.gather(sign, rows) for rows in groups]

    def of(number):
        pictures, own_operation, own_strength, _ = parts[number]
        return pictures, own_operation, own_strength, signs[number]

    pictures, own_operation, own_strength, own_sign = of(1)
    matrices = _matrices(own_operation, own_strength * own_sign, tf.shape(images)[1:3])
    warped = operations.warp(pictures, matrices, fill)
    blended = _blend_colors(*of(2))
    pictures, _, own_strength, own_sign = of(3)
    sharpened = operations.sharpen(pictures, 1.0 + _BLEND * own_strength * own_sign)
    changed = [
        parts[0][0],
        warped,
        blended,
        sharpened,
        operations.posterize(parts[4][0], 8.0 - tf.round(_BITS * parts[4][2])),
        operations.solarize(parts[5][0], 255.0 * (1.0 - parts[5][2])),
        operations.stretch_contrast(parts[6][0]),
        operations.equalize(parts[7][0]),
    ]
    return tf.ensure_shape(tf.dynamic_stitch(groups, changed), images.shape)


def _blend_colors(pictures, operation, strength, sign):
    factor = (1.0 + _BLEND * strength * sign)[:, None]
    # Brightness, contrast and saturation in the order of `jitter_colors`.
    first = OPERATIONS.index("brightness")
    factors = tf.where(tf.one_hot(operation - first, 3) > 0, factor, 1.0)
    order = tf.tile(tf.range(4)[None], [tf.shape(pictures)[0], 1])
    return jitter_colors(pictures, factors, None, order)


def _matrices(operation, strength, size):
    """Affine maps `[batch, 2, 3]` from new to old pixels, for `operations.warp`."""
    height, width = tf.unstack(tf.cast(size, tf.float32))
    zero = tf.zeros_like(strength)

    def of(name, value):
        return tf.where(operation == OPERATIONS.index(name), value, zero)

    shear_x, shear_y = of("shear_x", _SHEAR * strength), of("shear_y", _SHEAR * strength)
    moved_x = of("translate_x", _PIXELS * strength)
    moved_y = of("translate_y", _PIXELS * strength)
    angle = of("rotate", math.radians(_DEGREES) * strength)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    middle_x, middle_y = (width - 1.0) / 2.0, (height - 1.0) / 2.0
    # Shears leave the upper left corner in place, which lies half a pixel from the first centre.
    to_x = middle_x - cosine * middle_x + sine * middle_y + moved_x + 0.5 * shear_x
    to_y = middle_y - sine * middle_x - cosine * middle_y + moved_y + 0.5 * shear_y
    rows = [[cosine, shear_x - sine, to_x], [sine + shear_y, cosine, to_y]]
    return tf.stack([tf.stack(row, axis=1) for row in rows], axis=1)
