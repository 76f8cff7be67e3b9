"""Noise in proportion to the brightness, of a strength drawn for each picture."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.noise_layer import NoiseLayer
from simclr_tf.checks import check_range


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomSpeckle(NoiseLayer):
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
        super().__init__(probability, seed, **kwargs)
        self.sigma = check_range("sigma", sigma, 0, 1)

    @property
    def strengths(self):
        return self.sigma

    def add_noise(self, rows, strength, draw):
        noise = draw(tf.random.stateless_normal, tf.shape(rows[..., :1]))
        return tf.clip_by_value(rows * (1.0 + strength * noise), 0.0, 255.0)

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma}
