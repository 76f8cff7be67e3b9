"""keras.io's contrastive augmentation."""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import tensorflow as tf
from keras import layers, ops

from experiments.benchmarks.keras_timing import time_batches
from experiments.benchmarks.pictures import random_pictures

_MIN_AREA, _BRIGHTNESS, _JITTER = 0.25, 0.6, 0.2


class RandomColorAffine(layers.Layer):
    """Scales and mixes the channels, as the example does."""

    def call(self, images):
        size = ops.shape(images)[0]
        scales = 1 + keras.random.uniform((size, 1, 1, 1), -_BRIGHTNESS, _BRIGHTNESS)
        mixes = keras.random.uniform((size, 1, 3, 3), -_JITTER, _JITTER)
        transforms = ops.eye(3)[None, None] * scales + mixes
        return ops.clip(ops.matmul(images, transforms), 0, 1)


def build_augmenter() -> keras.Sequential:
    """Returns the example's augmenter, from 0..255 to 0..1.

    Reference:
        keras.io, "Semi-supervised image classification using contrastive pretraining with SimCLR".
    """
    zoom = 1.0 - math.sqrt(_MIN_AREA)
    return keras.Sequential(
        [
            layers.Rescaling(1 / 255),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(zoom / 2, zoom / 2),
            layers.RandomZoom((-zoom, 0.0), (-zoom, 0.0)),
            RandomColorAffine(),
        ]
    )


def two_views(recipe: str, image_size: int, batch_size: int) -> Callable[[int], float]:
    """Returns a task that gives pictures a second, two views of each; it has no other recipe."""
    augmenter = build_augmenter()

    @tf.function
    def views(pictures: tf.Tensor) -> tf.Tensor:
        return tf.concat([augmenter(pictures, training=True) for _ in range(2)], axis=0)

    return time_batches(views, random_pictures(batch_size, image_size))
