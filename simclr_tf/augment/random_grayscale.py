"""Turn pictures grey at random."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.random_color_jitter import LUMA
from simclr_tf.augment.random_layer import RandomLayer, draw_chosen
from simclr_tf.checks import check_between


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomGrayscale(RandomLayer):
    """Replaces the three channels by their luma (ITU-R BT.601) in a share of the pictures.

    Args:
        probability: share of the pictures that turn grey, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if `probability` is outside 0..1.

    Example:
        >>> grey = RandomGrayscale(probability=0.2, seed=0)(pictures)
    """

    def __init__(self, probability: float = 0.2, seed: int | None = None, **kwargs) -> None:
        super().__init__(seed=seed, **kwargs)
        check_between("probability", probability, 0, 1)
        self.probability = probability

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        chosen = draw_chosen(seed, tf.shape(images)[0], self.probability)
        red, green, blue = tf.unstack(images, axis=-1)
        luma = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
        chosen = chosen[:, None, None]
        return tf.stack([tf.where(chosen, luma, color) for color in (red, green, blue)], axis=-1)

    def get_config(self):
        return {**super().get_config(), "probability": self.probability}
