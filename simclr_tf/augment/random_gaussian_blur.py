"""Gaussian blur with a width drawn for each picture."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.random_layer import (
    RandomLayer,
    apply_to_chosen,
    draw_chosen,
    draw_uniform,
)
from simclr_tf.augment.separable import apply_separable
from simclr_tf.checks import check_between, check_range


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomGaussianBlur(RandomLayer):
    """Blurs a share of the pictures with a Gaussian whose standard deviation is drawn per picture.

    The kernel spans the whole picture, is normalised to sum 1, and the picture is mirrored at its
    border. Only the pictures that drew the blur are computed.

    Args:
        sigma: smallest and largest standard deviation in pixels (not a radius).
        probability: share of the pictures that are blurred, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> blurred = RandomGaussianBlur(sigma=(0.1, 2.0), probability=0.5, seed=0)(pictures)

    Reference:
        SimCLR (Chen et al. 2020), appendix A: sigma in [0.1, 2.0] at 224 pixels, probability 0.5.
    """

    def __init__(
        self,
        sigma: tuple[float, float] = (0.1, 2.0),
        probability: float = 0.5,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.sigma = check_range("sigma", sigma, 0, 1e3)
        check_between("probability", probability, 0, 1)
        self.probability = probability

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        batch = tf.shape(images)[0]
        chosen_seed, sigma_seed = tf.unstack(tf.random.split(seed, 2), num=2)
        sigma = draw_uniform(sigma_seed, [batch], *self.sigma)
        return apply_to_chosen(
            images,
            draw_chosen(chosen_seed, batch, self.probability),
            lambda rows, numbers: blur(rows, tf.gather(sigma, numbers)),
        )

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma, "probability": self.probability}


def blur(images: tf.Tensor, sigma: tf.Tensor) -> tf.Tensor:
    """Blurs float32 `[batch, height, width, channels]` by `sigma` `[batch]`, in pixels."""
    height, width = tf.shape(images)[1], tf.shape(images)[2]
    blurred = apply_separable(images, _blur_map(sigma, height), _blur_map(sigma, width))
    return tf.clip_by_value(tf.ensure_shape(blurred, images.shape), 0.0, 255.0)


def _blur_map(sigma, length):
    """Gaussian weights `[batch, length, length]` with the border mirrored (…2 1 0 | 0 1 2…)."""
    old = tf.range(length, dtype=tf.float32)
    new = old[:, None]
    precision = 0.5 / tf.square(tf.maximum(sigma, 1e-3))[:, None, None]
    reach = 2.0 * tf.cast(length, tf.float32)
    mirrored = (old, -1.0 - old, reach - 1.0 - old)
    weights = sum(tf.exp(-precision * tf.square(new - place)) for place in mirrored)
    return weights / tf.reduce_sum(weights, axis=-1, keepdims=True)
