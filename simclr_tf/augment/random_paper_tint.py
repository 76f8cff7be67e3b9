"""Tinted paper and faded ink, as old prints and their scans have."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.drawing_colours import paper_colours
from simclr_tf.augment.random_layer import (
    RandomLayer,
    apply_to_chosen,
    draw_chosen,
    draw_uniform,
)
from simclr_tf.checks import check_between


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomPaperTint(RandomLayer):
    """Fades the ink of each picture towards its paper, then tints the whole.

    A pixel x becomes g·(x + f·(p − x)), where p is the paper's colour, read off the picture's
    border, f the share by which the ink fades and g a factor for each channel.

    Args:
        tint: most that a channel loses: g is uniform in 1 − `tint`..1, 0..1.
        fade: most of its contrast that the ink loses: f is uniform in 0..`fade`, 0..1.
        probability: share of the pictures that are changed, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> aged = RandomPaperTint(tint=0.2, fade=0.4, probability=0.5, seed=0)(pictures)
    """

    def __init__(
        self,
        tint: float = 0.2,
        fade: float = 0.4,
        probability: float = 0.5,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_between("tint", tint, 0, 1)
        check_between("fade", fade, 0, 1)
        check_between("probability", probability, 0, 1)
        self.tint = tint
        self.fade = fade
        self.probability = probability

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        batch, channels = tf.shape(images)[0], tf.shape(images)[3]
        chosen_seed, tint_seed, fade_seed = tf.unstack(tf.random.split(seed, 3), num=3)
        gain = draw_uniform(tint_seed, [batch, channels], 1.0 - self.tint, 1.0)[:, None, None]
        fade = draw_uniform(fade_seed, [batch], 0.0, self.fade)[:, None, None, None]

        def age(rows, numbers):
            paper = paper_colours(rows)[:, None, None]
            faded = rows + tf.gather(fade, numbers) * (paper - rows)
            return tf.clip_by_value(tf.gather(gain, numbers) * faded, 0.0, 255.0)

        return apply_to_chosen(images, draw_chosen(chosen_seed, batch, self.probability), age)

    def get_config(self):
        return {
            **super().get_config(),
            "tint": self.tint,
            "fade": self.fade,
            "probability": self.probability,
        }
