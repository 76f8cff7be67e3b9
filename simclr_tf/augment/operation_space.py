"""The operations that TrivialAugment and RandAugment draw from, each picture with its own."""

from __future__ import annotations

import dataclasses
import math

import tensorflow as tf

from simclr_tf.augment import operations

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
# Steps of strength, 0 among them.
LEVELS = 31
# The group of each operation: what is computed together.
_GROUPS = (0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4, 5, 6, 7)


@dataclasses.dataclass(frozen=True)
class OperationRanges:
    """What the operations do at strength 1; solarisation then begins at 0 in any case.

    Attributes:
        shear: pixels along for each pixel across.
        shift_pixels: translation in pixels.
        shift_share: translation as a share of the picture's side, on top of the pixels.
        degrees: rotation.
        blend: how far brightness, contrast, colour and sharpness go from their factor 1.
        bits: of the 8 of every value, those that posterisation takes away.
    """

    shear: float
    shift_pixels: float
    shift_share: float
    degrees: float
    blend: float
    bits: float


def apply_operations(
    images: tf.Tensor,
    operation: tf.Tensor,
    strength: tf.Tensor,
    sign: tf.Tensor,
    ranges: OperationRanges,
    fill: float = 0.0,
) -> tf.Tensor:
    """Applies to each picture its own operation, and computes only that one.

    Args:
        images: `[batch, height, width, 3]`, uint8 or floating, 0..255.
        operation: int32 `[batch]`, places in `OPERATIONS`.
        strength: float32 `[batch]`, 0..1.
        sign: float32 `[batch]`, −1 or 1, for operations that have a direction.
        ranges: what strength 1 means.
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
    size = tf.shape(images)[1:3]
    matrices = _matrices(own_operation, own_strength * own_sign, size, ranges)
    warped = operations.warp(pictures, matrices, fill)
    blended = _blend_colors(ranges.blend, *of(2))
    pictures, _, own_strength, own_sign = of(3)
    sharpened = operations.sharpen(pictures, 1.0 + ranges.blend * own_strength * own_sign)
    changed = [
        parts[0][0],
        warped,
        blended,
        sharpened,
        operations.posterize(parts[4][0], 8.0 - tf.round(ranges.bits * parts[4][2])),
        operations.solarize(parts[5][0], 255.0 * (1.0 - parts[5][2])),
        operations.stretch_contrast(parts[6][0]),
        operations.equalize(parts[7][0]),
    ]
    return tf.ensure_shape(tf.dynamic_stitch(groups, changed), images.shape)


def _blend_colors(blend, pictures, operation, strength, sign):
    grey = operations.grey(pictures)
    means = tf.reduce_mean(grey, axis=[1, 2], keepdims=True)
    operation = operation[:, None, None, None]
    other = tf.where(operation == OPERATIONS.index("contrast"), means, grey)
    other = tf.where(operation == OPERATIONS.index("brightness"), 0.0, other)
    return operations.blend(pictures, other, 1.0 + blend * strength * sign)


def _matrices(operation, strength, size, ranges):
    """Affine maps `[batch, 2, 3]` from new to old pixels, for `operations.warp`."""
    height, width = tf.unstack(tf.cast(size, tf.float32))
    zero = tf.zeros_like(strength)

    def of(name, value):
        return tf.where(operation == OPERATIONS.index(name), value, zero)

    def shift(side):
        return (ranges.shift_pixels + ranges.shift_share * side) * strength

    sheared = ranges.shear * strength
    shear_x, shear_y = of("shear_x", sheared), of("shear_y", sheared)
    moved_x, moved_y = of("translate_x", shift(width)), of("translate_y", shift(height))
    angle = of("rotate", math.radians(ranges.degrees) * strength)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    middle_x, middle_y = (width - 1.0) / 2.0, (height - 1.0) / 2.0
    # Shears leave the upper left corner in place, which lies half a pixel from the first centre.
    to_x = middle_x - cosine * middle_x + sine * middle_y + moved_x + 0.5 * shear_x
    to_y = middle_y - sine * middle_x - cosine * middle_y + moved_y + 0.5 * shear_y
    rows = [[cosine, shear_x - sine, to_x], [sine + shear_y, cosine, to_y]]
    return tf.stack([tf.stack(row, axis=1) for row in rows], axis=1)
