"""One random operation of random strength for each picture."""

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
from simclr_tf.checks import check_between

WIDE_RANGES = OperationRanges(
    shear=0.99, shift_pixels=32.0, shift_share=0.0, degrees=135.0, blend=0.99, bits=6.0
)


@keras.saving.register_keras_serializable(package="simclr_tf")
class TrivialAugmentWide(RandomLayer):
    """Applies one of 14 operations, drawn for each picture with its strength; nothing to tune.

    Operation, one of 31 equal steps of strength, and direction are uniform. Strengths end at:
    shear .99, translation 32 pixels, rotation 135°; brightness, contrast, colour and sharpness
    factors .01 and 1.99; posterise to 2 bits; solarise from 0 on. Auto-contrast, equalise and
    identity have none. Pictures are sampled bilinearly, where the reference code takes the
    nearest pixel. Each picture is computed by its own operation only.

    Args:
        fill: value of what comes in from outside the picture, 0..255.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if `fill` is outside 0..255.

    Example:
        >>> augmented = TrivialAugmentWide(seed=0)(pictures)

    Reference:
        Müller & Hutter 2021, "TrivialAugment", table 1, column Wide.
    """

    def __init__(self, fill: float = 0.0, seed: int | None = None, **kwargs) -> None:
        super().__init__(seed=seed, **kwargs)
        check_between("fill", fill, 0, 255)
        self.fill = fill

    def draw(self, seed: tf.Tensor, batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Draws what happens to each picture.

        Returns:
            operation: int32 `[batch]`, places in `OPERATIONS`.
            strength: float32 `[batch]`, 0..1 in 31 steps.
            sign: float32 `[batch]`, −1 or 1.
        """
        operation_seed, level_seed, sign_seed = tf.unstack(tf.random.split(seed, 3), num=3)
        level = draw_whole(level_seed, [batch], LEVELS)
        strength = tf.cast(level, tf.float32) / (LEVELS - 1)
        sign = 2.0 * tf.cast(draw_whole(sign_seed, [batch], 2), tf.float32) - 1.0
        return draw_whole(operation_seed, [batch], len(OPERATIONS)), strength, sign

    def transform(self, images, seed):
        drawn = self.draw(seed, tf.shape(images)[0])
        return apply_operations(images, *drawn, WIDE_RANGES, self.fill)

    def get_config(self):
        return {**super().get_config(), "fill": self.fill}
