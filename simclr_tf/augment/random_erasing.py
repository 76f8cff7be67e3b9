"""A rectangle of each picture erased at random."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from simclr_tf.augment.random_layer import RandomLayer, draw_chosen, draw_uniform, draw_unit
from simclr_tf.checks import check_between, check_range


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomErasing(RandomLayer):
    """Replaces a rectangle in a share of the pictures by noise or by one value.

    The area is uniform in `scale`, the aspect ratio log-uniform in `ratio`, the position uniform
    among those within the picture; a side longer than the picture is cut to it (where the paper
    draws again).

    Args:
        probability: share of the pictures that are changed, 0..1.
        scale: smallest and largest area as fractions of the picture's, within 0..1.
        ratio: smallest and largest aspect ratio of the rectangle, width / height, in pixels.
        fill: value of the rectangle, 0..255; `None` draws every pixel and channel from 0..255,
            the paper's best choice.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> erased = RandomErasing(probability=0.25, seed=0)(pictures)

    Reference:
        Zhong et al. 2017, "Random erasing data augmentation", algorithm 1.
    """

    def __init__(
        self,
        probability: float = 0.5,
        scale: tuple[float, float] = (0.02, 0.4),
        ratio: tuple[float, float] = (0.3, 1 / 0.3),
        fill: float | None = None,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_between("probability", probability, 0, 1)
        self.probability = probability
        self.scale = check_range("scale", scale, 0, 1)
        self.ratio = check_range("ratio", ratio, 1e-3, 1e3)
        if fill is not None:
            check_between("fill", fill, 0, 255)
        self.fill = fill

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        chosen_seed, box_seed, noise_seed = tf.unstack(tf.random.split(seed, 3), num=3)
        erased = self.draw_masks(box_seed, images)
        chosen = draw_chosen(chosen_seed, tf.shape(images)[0], self.probability)
        erased = tf.logical_and(erased, chosen[:, None, None])[..., None]
        if self.fill is not None:
            return tf.where(erased, tf.constant(self.fill, tf.float32), images)
        return tf.where(erased, draw_uniform(noise_seed, tf.shape(images), 0.0, 255.0), images)

    def draw_masks(self, seed: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        """Returns bool `[batch, height, width]`: one rectangle in every picture."""
        batch, height, width, _ = tf.unstack(tf.shape(images))
        area_seed, ratio_seed, top_seed, left_seed = tf.unstack(tf.random.split(seed, 4), num=4)
        area = draw_uniform(area_seed, [batch], *self.scale)
        area *= tf.cast(height * width, tf.float32)
        ratio = tf.exp(draw_uniform(ratio_seed, [batch], *map(math.log, self.ratio)))
        rows = draw_span(top_seed, tf.sqrt(area / ratio), height)
        columns = draw_span(left_seed, tf.sqrt(area * ratio), width)
        return tf.logical_and(rows[:, :, None], columns[:, None, :])

    def get_config(self):
        return {
            **super().get_config(),
            "probability": self.probability,
            "scale": self.scale,
            "ratio": self.ratio,
            "fill": self.fill,
        }


def draw_span(seed: tf.Tensor, span: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """Returns bool `[batch, length]`: `span` pixels (float32 `[batch]`, rounded) in a row.

    The first is uniform among those that leave room for the others.
    """
    span = tf.minimum(tf.cast(tf.round(span), tf.int32), length)
    room = tf.cast(length - span + 1, tf.float32)
    draws = draw_unit(seed, tf.shape(span))
    first = tf.minimum(tf.cast(tf.floor(draws * room), tf.int32), length - span)
    places = tf.range(length)
    return tf.logical_and(places >= first[:, None], places < (first + span)[:, None])
