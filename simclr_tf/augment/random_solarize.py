"""Invert the bright pixels of pictures at random."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.random_layer import RandomLayer, draw_chosen
from simclr_tf.checks import check_between


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomSolarize(RandomLayer):
    """Replaces x by 255 − x where x is at least `threshold`, in a share of the pictures.

    Args:
        threshold: 0..255; 0 inverts the whole picture.
        probability: share of the pictures that are changed, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> solarized = RandomSolarize(threshold=128, probability=0.2, seed=0)(pictures)

    Reference:
        BYOL (Grill et al. 2020), appendix B.
    """

    def __init__(
        self,
        threshold: float = 128.0,
        probability: float = 0.2,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_between("threshold", threshold, 0, 255)
        check_between("probability", probability, 0, 1)
        self.threshold = threshold
        self.probability = probability

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        chosen = draw_chosen(seed, tf.shape(images)[0], self.probability)
        bright = tf.logical_and(chosen[:, None, None, None], images >= self.threshold)
        return tf.where(bright, 255.0 - images, images)

    def get_config(self):
        return {
            **super().get_config(),
            "threshold": self.threshold,
            "probability": self.probability,
        }
