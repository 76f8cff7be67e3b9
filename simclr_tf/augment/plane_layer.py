"""Random layers that work on separate colour planes."""

from __future__ import annotations

import tensorflow as tf

from simclr_tf.augment.random_layer import RandomLayer


class PlaneLayer(RandomLayer):
    """A random layer whose arithmetic runs over each colour's plane.

    Planes are contiguous in memory, where the three colours of a pixel are not: that alone makes
    colour changes several times as fast. An `Augmenter` hands planes from layer to layer.
    """

    def transform_planes(self, planes: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Returns float32 `[batch, 3, height, width]` of the same; `seed` is int32 `[2]`."""
        raise NotImplementedError

    def transform(self, images, seed):
        return from_planes(self.transform_planes(to_planes(images), seed))


def to_planes(images: tf.Tensor) -> tf.Tensor:
    """Returns float32 `[batch, channels, height, width]` of `[batch, height, width, channels]`."""
    return tf.transpose(tf.cast(images, tf.float32), [0, 3, 1, 2])


def from_planes(planes: tf.Tensor) -> tf.Tensor:
    """Returns `[batch, height, width, channels]` of `[batch, channels, height, width]`."""
    return tf.transpose(planes, [0, 2, 3, 1])
