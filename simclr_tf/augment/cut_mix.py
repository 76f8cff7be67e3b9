"""A rectangle of one picture in another."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.label_mixer import LabelMixer, blend_targets, draw_beta, draw_partners
from simclr_tf.checks import check_positive


@keras.saving.register_keras_serializable(package="simclr_tf")
class CutMix(LabelMixer):
    """Pastes a rectangle of another picture of the batch into each picture.

    The rectangle has the picture's aspect ratio and the area 1 − λ, λ from Beta(alpha, alpha) for
    each picture; its centre is uniform over the picture, and what hangs over the border is cut
    off. The targets are mixed by the pixels that were really replaced.

    Args:
        alpha: greater than 0; 1, as in the paper, makes all areas equally likely.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if `alpha` is not greater than 0.

    Example:
        >>> images, targets = CutMix(alpha=1.0, seed=0)((images, one_hot_labels))

    Reference:
        Yun et al. 2019, "CutMix", equations 1 and 2 and appendix A.
    """

    def __init__(self, alpha: float = 1.0, seed: int | None = None, **kwargs) -> None:
        super().__init__(seed=seed, **kwargs)
        check_positive("alpha", alpha)
        self.alpha = alpha

    def mix(self, images, targets, seed):
        partner_seed, share_seed, row_seed, column_seed = tf.unstack(
            tf.random.split(seed, 4), num=4
        )
        batch, height, width, _ = tf.unstack(tf.shape(images))
        partners = draw_partners(partner_seed, batch)
        side = tf.sqrt(1.0 - draw_beta(share_seed, batch, self.alpha))
        rows = _draw_covered(row_seed, side, height)
        columns = _draw_covered(column_seed, side, width)
        pasted = tf.logical_and(rows[:, :, None], columns[:, None, :])
        mixed = tf.where(pasted[..., None], tf.gather(images, partners), images)
        share = 1.0 - tf.reduce_mean(tf.cast(pasted, tf.float32), axis=[1, 2])
        return mixed, blend_targets(targets, partners, share)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}


def _draw_covered(seed, side, length):
    """Bool `[batch, length]`: pixels within `side / 2` of a centre, in parts of the length."""
    centre = tf.random.stateless_uniform(tf.shape(side), seed)[:, None]
    places = (tf.range(length, dtype=tf.float32) + 0.5) / tf.cast(length, tf.float32)
    return tf.abs(places - centre) < side[:, None] / 2.0
