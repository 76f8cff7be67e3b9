"""Picture operations of the AutoAugment family, each with a strength of its own per picture.

All take float32 `[batch, height, width, 3]`, 0..255, and give the same; per-picture arguments
have the shape `[batch]`.
"""

from __future__ import annotations

import tensorflow as tf

from simclr_tf.augment.luma import LUMA

# The kernel of Pillow's SMOOTH filter, which its sharpness blends with.
_SMOOTH = ((1.0, 1.0, 1.0), (1.0, 5.0, 1.0), (1.0, 1.0, 1.0))


def warp(images: tf.Tensor, matrices: tf.Tensor, fill: float) -> tf.Tensor:
    """Samples each picture bilinearly where an affine map of its pixels points.

    Args:
        images: see above.
        matrices: float32 `[batch, 2, 3]`, from (column, row, 1) of the new picture to column and
            row of the old, in pixels, the first pixel's centre at (0, 0).
        fill: value of what lies outside the old picture.
    """
    batch = tf.shape(images)[0]
    projective = tf.concat([tf.reshape(matrices, [batch, 6]), tf.zeros([batch, 2])], axis=1)
    warped = tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=projective,
        output_shape=tf.shape(images)[1:3],
        fill_value=fill,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    # The weights of a sample add up to 1 but for rounding.
    return tf.clip_by_value(tf.ensure_shape(warped, images.shape), 0.0, 255.0)


def sharpen(images: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Blends with the smoothed picture: 0 is smooth, 1 the picture itself, 2 sharp."""
    kernel = tf.constant(_SMOOTH)[:, :, None, None] / 13.0
    smooth = tf.nn.depthwise_conv2d(
        images, tf.tile(kernel, [1, 1, 3, 1]), strides=[1, 1, 1, 1], padding="SAME"
    )
    # Pillow leaves the border as it is.
    rows, columns = (tf.range(tf.shape(images)[axis]) for axis in (1, 2))
    inside = tf.logical_and(
        ((rows > 0) & (rows < tf.shape(images)[1] - 1))[:, None],
        (columns > 0) & (columns < tf.shape(images)[2] - 1),
    )
    return blend(images, tf.where(inside[None, :, :, None], smooth, images), factor)


def blend(images: tf.Tensor, other: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Goes from `other` at factor 0 to the picture at 1, and as far beyond."""
    factor = factor[:, None, None, None]
    return tf.clip_by_value(factor * images + (1.0 - factor) * other, 0.0, 255.0)


def grey(images: tf.Tensor) -> tf.Tensor:
    """Returns the luma, float32 `[batch, height, width, 1]`."""
    return tf.reduce_sum(images * tf.constant(LUMA), axis=-1, keepdims=True)


def posterize(images: tf.Tensor, bits: tf.Tensor) -> tf.Tensor:
    """Keeps the highest `bits` (1..8) of the 8 bits of every value; 8 keeps the picture."""
    step = tf.pow(2.0, 8.0 - tf.cast(bits, tf.float32))[:, None, None, None]
    return tf.where(step > 1.0, step * tf.floor(images / step), images)


def solarize(images: tf.Tensor, threshold: tf.Tensor) -> tf.Tensor:
    """Replaces x by 255 − x where x is at least `threshold`."""
    return tf.where(images >= threshold[:, None, None, None], 255.0 - images, images)


def stretch_contrast(images: tf.Tensor) -> tf.Tensor:
    """Stretches every channel to 0..255; a channel of one value stays as it is."""
    low = tf.reduce_min(images, axis=[1, 2], keepdims=True)
    high = tf.reduce_max(images, axis=[1, 2], keepdims=True)
    stretched = (images - low) * (255.0 / tf.maximum(high - low, 1e-3))
    return tf.where(high - low > 1e-3, tf.clip_by_value(stretched, 0.0, 255.0), images)


def equalize(images: tf.Tensor) -> tf.Tensor:
    """Makes the histogram of every channel as even as Pillow's `ImageOps.equalize` does."""
    batch, height, width, _ = tf.unstack(tf.shape(images))
    pixels = height * width
    values = tf.cast(tf.clip_by_value(tf.round(images), 0.0, 255.0), tf.int32)
    # One row of values a channel: [3 · batch, pixels].
    values = tf.reshape(tf.transpose(values, [0, 3, 1, 2]), [3 * batch, pixels])
    places = values + 256 * tf.range(3 * batch)[:, None]
    histogram = tf.math.unsorted_segment_sum(
        tf.ones([3 * batch * pixels], tf.int32), tf.reshape(places, [-1]), 768 * batch
    )
    histogram = tf.reshape(histogram, [3 * batch, 256])
    of_largest = tf.gather(histogram, tf.reduce_max(values, axis=1), batch_dims=1)
    step = ((pixels - of_largest) // 255)[:, None]
    below = tf.cumsum(histogram, axis=1, exclusive=True)
    table = tf.minimum((step // 2 + below) // tf.maximum(step, 1), 255)
    table = tf.where(step > 0, table, tf.range(256))
    equalized = tf.reshape(tf.gather(table, values, batch_dims=1), [batch, 3, height, width])
    equalized = tf.cast(tf.transpose(equalized, [0, 2, 3, 1]), tf.float32)
    return tf.ensure_shape(equalized, images.shape)
