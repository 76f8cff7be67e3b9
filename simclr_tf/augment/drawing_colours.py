"""The colours of paper and ink of each picture of a drawing."""

from __future__ import annotations

import tensorflow as tf


def paper_colours(images: tf.Tensor) -> tf.Tensor:
    """Returns float32 `[batch, channels]`: the median of each channel along the border.

    Lines that run into a crop cover less than half of its border, whatever it shows.

    Args:
        images: float32 `[batch, height, width, channels]`.
    """
    border = tf.concat(
        [images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1]], axis=1
    )
    ordered = tf.sort(border, axis=1)
    count = tf.shape(ordered)[1]
    return (ordered[:, (count - 1) // 2] + ordered[:, count // 2]) / 2.0


def ink_colours(images: tf.Tensor, paper: tf.Tensor) -> tf.Tensor:
    """Returns float32 `[batch, channels]`: the mean colour, weighted by squared contrast to paper.

    Half-covered pixels and noise hardly count. A blank picture has ink of its paper's colour.

    Args:
        images: float32 `[batch, height, width, channels]`.
        paper: float32 `[batch, channels]`.
    """
    weights = tf.square(contrast(images, paper))
    total = tf.reduce_sum(weights, axis=[1, 2])
    # The difference is averaged: its rounding is small where the contrast is.
    difference = tf.reduce_sum(weights * (images - paper[:, None, None]), axis=[1, 2])
    return paper + tf.math.divide_no_nan(difference, total)


def contrast(images: tf.Tensor, paper: tf.Tensor) -> tf.Tensor:
    """Returns float32 `[batch, height, width, 1]`: how far each pixel's colour is from paper."""
    return tf.reduce_mean(tf.abs(images - paper[:, None, None]), axis=-1, keepdims=True)
