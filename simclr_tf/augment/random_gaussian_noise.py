"""Gaussian noise of a strength drawn for each picture."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.random_layer import (
    RandomLayer,
    apply_to_chosen,
    draw_chosen,
    draw_uniform,
)
from simclr_tf.checks import check_between, check_range
from simclr_tf.distribution.replicas import replica_count, take_own_rows


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomGaussianNoise(RandomLayer):
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
        super().__init__(seed=seed, **kwargs)
        self.sigma = check_range("sigma", sigma, 0, 255)
        check_between("probability", probability, 0, 1)
        self.probability = probability

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        batch = tf.shape(images)[0]
        chosen_seed, sigma_seed, noise_seed = tf.unstack(tf.random.split(seed, 3), num=3)
        sigma = draw_uniform(sigma_seed, [batch], *self.sigma)[:, None, None, None]

        def add_noise(rows, numbers):
            noise = self._draw_noise(noise_seed, chosen_seed, batch, rows, numbers)
            return tf.clip_by_value(rows + tf.gather(sigma, numbers) * noise, 0.0, 255.0)

        return apply_to_chosen(images, draw_chosen(chosen_seed, batch, self.probability), add_noise)

    def _draw_noise(self, seed, chosen_seed, batch, rows, numbers):
        """Noise `[b, height, width, 3]` for the rows that were chosen, which have these numbers."""
        count = replica_count()
        if count == 1:
            return tf.random.stateless_normal(tf.shape(rows), seed)
        # One device draws it for the chosen pictures of all replicas, one after the other.
        chosen = tf.random.stateless_uniform([batch * count], chosen_seed) < self.probability
        places = tf.cumsum(tf.cast(chosen, tf.int32))
        shape = tf.concat([places[-1:], tf.shape(rows)[1:]], axis=0)
        own_places = tf.gather(take_own_rows(places), numbers) - 1
        return tf.gather(tf.random.stateless_normal(shape, seed), own_places)

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma, "probability": self.probability}
