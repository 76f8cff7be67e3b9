"""Gaussian noise of a strength drawn for each picture."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.noise_layer import NoiseLayer
from simclr_tf.checks import check_range


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomGaussianNoise(NoiseLayer):
    """Adds independent normal noise to every pixel and channel, then clips to 0..255.

    Args:
        sigma: smallest and largest standard deviation, in units of the 0..255 range.
        probability: share of the pictures that get noise, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> noisy = RandomGaussianNoise(sigma=(0.0, 12.0), probability=0.5, seed=0)(pictures)
    """

    def __init__(
        self,
        sigma: tuple[float, float] = (0.0, 12.0),
        probability: float = 0.5,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(probability, seed, **kwargs)
        self.sigma = check_range("sigma", sigma, 0, 255)

    @property
    def strengths(self):
        return self.sigma

    def add_noise(self, rows, strength, draw):
        noise = draw(tf.random.stateless_normal, tf.shape(rows))
        return tf.clip_by_value(rows + strength * noise, 0.0, 255.0)

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma}
