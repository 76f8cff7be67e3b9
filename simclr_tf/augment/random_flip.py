"""Mirror pictures at random."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.random_layer import RandomLayer, draw_chosen
from simclr_tf.checks import check_between


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomFlip(RandomLayer):
    """Mirrors each picture left to right and top to bottom, independently.

    Args:
        horizontal: probability of mirroring left to right, 0..1.
        vertical: probability of mirroring top to bottom, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if a probability is outside 0..1.

    Example:
        >>> flipped = RandomFlip(horizontal=0.5, seed=0)(pictures)
    """

    def __init__(
        self, horizontal: float = 0.5, vertical: float = 0.0, seed: int | None = None, **kwargs
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_between("horizontal", horizontal, 0, 1)
        check_between("vertical", vertical, 0, 1)
        self.horizontal = horizontal
        self.vertical = vertical

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        batch = tf.shape(images)[0]
        horizontal_seed, vertical_seed = tf.unstack(tf.random.split(seed, 2), num=2)
        for probability, axis, axis_seed in (
            (self.horizontal, 2, horizontal_seed),
            (self.vertical, 1, vertical_seed),
        ):
            if probability > 0:
                chosen = draw_chosen(axis_seed, batch, probability)[:, None, None, None]
                images = tf.where(chosen, tf.reverse(images, [axis]), images)
        return images

    def get_config(self):
        return {
            **super().get_config(),
            "horizontal": self.horizontal,
            "vertical": self.vertical,
        }
