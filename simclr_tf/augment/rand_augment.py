"""Several random operations of one strength for each picture."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.operation_space import (
    LEVELS,
    OPERATIONS,
    OperationRanges,
    apply_operations,
)
from simclr_tf.augment.random_layer import RandomLayer, draw_whole
from simclr_tf.checks import check_at_least, check_between

# The translation is that of the paper's code, 150 pixels, on its pictures of 331.
RANGES = OperationRanges(
    shear=0.3, shift_pixels=0.0, shift_share=150 / 331, degrees=30.0, blend=0.9, bits=4.0
)


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandAugment(RandomLayer):
    """Applies `num_ops` of 14 operations in a row, drawn for each picture, all of one strength.

    Operations are uniform, with replacement, and their directions too. At magnitude 30: shear .3,
    translation 45 % of the side, rotation 30°; brightness, contrast, colour and sharpness factors
    .1 and 1.9; posterise to 4 bits; solarise from 0 on. Auto-contrast, equalise and identity have
    none. Pictures are sampled bilinearly, where the reference code takes the nearest pixel. Each
    picture is computed by its own operations only.

    Args:
        num_ops: operations for each picture, at least 1.
        magnitude: strength of them all, whole or not, 0..30.
        fill: value of what comes in from outside the picture, 0..255.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> augmented = RandAugment(num_ops=2, magnitude=9, seed=0)(pictures)

    Reference:
        Cubuk et al. 2019, "RandAugment", figure 2, with the ranges of torchvision's `RandAugment`.
    """

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: float = 9.0,
        fill: float = 0.0,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_at_least("num_ops", num_ops, 1)
        check_between("magnitude", magnitude, 0, LEVELS - 1)
        check_between("fill", fill, 0, 255)
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.fill = fill

    def draw(self, seed: tf.Tensor, batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws what happens to each picture, in order.

        Returns:
            operation: int32 `[num_ops, batch]`, places in `OPERATIONS`.
            sign: float32 `[num_ops, batch]`, −1 or 1.
        """
        operation_seed, sign_seed = tf.unstack(tf.random.split(seed, 2), num=2)
        shape = [self.num_ops, batch]
        sign = 2.0 * tf.cast(draw_whole(sign_seed, shape, 2, axis=1), tf.float32) - 1.0
        return draw_whole(operation_seed, shape, len(OPERATIONS), axis=1), sign

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        batch = tf.shape(images)[0]
        operation, sign = self.draw(seed, batch)
        strength = tf.fill([batch], self.magnitude / (LEVELS - 1))
        for number in range(self.num_ops):
            images = apply_operations(
                images, operation[number], strength, sign[number], RANGES, self.fill
            )
        return images

    def get_config(self):
        return {
            **super().get_config(),
            "num_ops": self.num_ops,
            "magnitude": self.magnitude,
            "fill": self.fill,
        }
