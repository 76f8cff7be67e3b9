"""Turn pictures grey at random."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.luma import LUMA
from simclr_tf.augment.plane_layer import PlaneLayer
from simclr_tf.augment.random_layer import draw_chosen
from simclr_tf.checks import check_between
from simclr_tf.fusion import fused


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomGrayscale(PlaneLayer):
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

    def transform_planes(self, planes, seed):
        return _turn_grey(planes, draw_chosen(seed, tf.shape(planes)[0], self.probability))

    def get_config(self):
        return {**super().get_config(), "probability": self.probability}


@fused
def _turn_grey(planes, chosen):
    luma = sum(
        weight * color for weight, color in zip(LUMA, tf.unstack(planes, axis=1), strict=True)
    )
    return tf.where(chosen[:, None, None, None], luma[:, None], planes)
