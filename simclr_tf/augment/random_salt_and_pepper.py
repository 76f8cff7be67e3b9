"""White and black pixels, a share of them drawn for each picture."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.noise_layer import NoiseLayer
from simclr_tf.checks import check_range


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomSaltAndPepper(NoiseLayer):
    """Makes pixels white or black, half of them each, as dust and drop-outs of a scanner do.

    Args:
        amount: smallest and largest share of a picture's pixels, within 0..1.
        probability: share of the pictures that are changed, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> scanned = RandomSaltAndPepper(amount=(0.0, 0.02), probability=0.5, seed=0)(pictures)
    """

    def __init__(
        self,
        amount: tuple[float, float] = (0.0, 0.01),
        probability: float = 0.5,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(probability, seed, **kwargs)
        self.amount = check_range("amount", amount, 0, 1)

    @property
    def strengths(self):
        return self.amount

    def add_noise(self, rows, strength, draw):
        # One draw says both whether a pixel is changed and to what.
        draws = draw(tf.random.stateless_uniform, tf.shape(rows[..., :1]))
        colour = tf.where(draws < strength / 2.0, 0.0, 255.0)
        return tf.where(draws < strength, colour, rows)

    def get_config(self):
        return {**super().get_config(), "amount": self.amount}
