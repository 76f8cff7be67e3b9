"""Noise in proportion to the brightness, of a strength drawn for each picture."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.random_layer import Chosen, RandomLayer, apply_to_chosen, draw_uniform
from simclr_tf.checks import check_between, check_range


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomSpeckle(RandomLayer):
    """Multiplies every pixel by 1 plus normal noise, one draw for all its channels, and clips.

    The grain of paper and of a scanner's light is of this kind: paper gets it, black ink does not.

    Args:
        sigma: smallest and largest standard deviation of the factor, within 0..1.
        probability: share of the pictures that are changed, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> grainy = RandomSpeckle(sigma=(0.0, 0.15), probability=0.5, seed=0)(pictures)
    """

    def __init__(
        self,
        sigma: tuple[float, float] = (0.0, 0.15),
        probability: float = 0.5,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.sigma = check_range("sigma", sigma, 0, 1)
        check_between("probability", probability, 0, 1)
        self.probability = probability

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        batch = tf.shape(images)[0]
        chosen_seed, sigma_seed, noise_seed = tf.unstack(tf.random.split(seed, 3), num=3)
        sigma = draw_uniform(sigma_seed, [batch], *self.sigma)[:, None, None, None]

        chosen = Chosen(chosen_seed, batch, self.probability)

        def multiply(rows, numbers):
            noise = chosen.draw(
                lambda shape: tf.random.stateless_normal(shape, noise_seed),
                tf.shape(rows[..., :1]),
                numbers,
            )
            return tf.clip_by_value(rows * (1.0 + tf.gather(sigma, numbers) * noise), 0.0, 255.0)

        return apply_to_chosen(images, chosen.rows(), multiply)

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma, "probability": self.probability}
