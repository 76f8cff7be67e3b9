"""Thicker or thinner lines, by an amount drawn for each picture."""

from __future__ import annotations

import math

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
class RandomLineWeight(RandomLayer):
    """Grows or shrinks the ink of each picture by a random number of pixels on every side.

    Ink is what is darker than the paper, or lighter where the picture is so on the whole, as on
    a blueprint; the paper's colour is read off the picture's border. A whole pixel takes the
    extreme of each pixel's 3 × 3 neighbours; a part of one blends with that, so that a line of
    one pixel becomes fainter before it is gone.

    Args:
        thin: most pixels that the ink loses on every side, 0..8.
        thicken: most pixels that it gains on every side, 0..8.
        probability: share of the pictures that are changed, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> redrawn = RandomLineWeight(thin=0.5, thicken=1.0, seed=0)(pictures)

    Reference:
        Erosion and dilation of grey pictures: Serra 1982, "Image analysis and mathematical
        morphology", with a flat 3 × 3 structuring element.
    """

    def __init__(
        self,
        thin: float = 0.5,
        thicken: float = 1.0,
        probability: float = 0.8,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_between("thin", thin, 0, 8)
        check_between("thicken", thicken, 0, 8)
        check_between("probability", probability, 0, 1)
        self.thin = thin
        self.thicken = thicken
        self.probability = probability

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        batch = tf.shape(images)[0]
        chosen_seed, change_seed = tf.unstack(tf.random.split(seed, 2), num=2)
        change = draw_uniform(change_seed, [batch], -self.thin, self.thicken)
        most = math.ceil(max(self.thin, self.thicken))
        return apply_to_chosen(
            images,
            draw_chosen(chosen_seed, batch, self.probability),
            lambda rows, numbers: change_line_weight(rows, tf.gather(change, numbers), most),
        )

    def get_config(self):
        return {
            **super().get_config(),
            "thin": self.thin,
            "thicken": self.thicken,
            "probability": self.probability,
        }


def change_line_weight(images: tf.Tensor, change: tf.Tensor, most: int) -> tf.Tensor:
    """Grows the ink by `change` pixels on every side; below 0 it shrinks.

    Args:
        images: float32 `[batch, height, width, channels]`.
        change: float32 `[batch]`, within -`most`..`most`.
        most: whole pixels.

    Returns:
        float32 `[batch, height, width, channels]`.
    """
    paper = tf.reduce_mean(paper_colours(images), axis=1)
    dark_ink = tf.reduce_mean(images, axis=[1, 2, 3]) <= paper
    # The greatest of its neighbours makes a pixel lighter; of the negative picture, darker.
    sign = tf.where(tf.equal(dark_ink, change > 0), -1.0, 1.0)[:, None, None, None]
    for step in range(most):
        extreme = sign * tf.nn.max_pool2d(sign * images, 3, 1, "SAME")
        share = tf.clip_by_value(tf.abs(change) - step, 0.0, 1.0)[:, None, None, None]
        images += share * (extreme - images)
    return images
