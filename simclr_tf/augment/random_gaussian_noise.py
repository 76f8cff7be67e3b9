"""Gaussian noise of a strength drawn for each picture."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.random_layer import Chosen, RandomLayer, apply_to_chosen, draw_uniform
from simclr_tf.checks import check_between, check_range


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

        chosen = Chosen(chosen_seed, batch, self.probability)

        def add_noise(rows, numbers):
            noise = chosen.draw(
                lambda shape: tf.random.stateless_normal(shape, noise_seed), tf.shape(rows), numbers
            )
            return tf.clip_by_value(rows + tf.gather(sigma, numbers) * noise, 0.0, 255.0)

        return apply_to_chosen(images, chosen.rows(), add_noise)

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma, "probability": self.probability}
