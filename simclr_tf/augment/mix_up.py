"""Weighted means of two pictures."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.label_mixer import LabelMixer, blend_targets, draw_beta, draw_partners
from simclr_tf.checks import check_positive


@keras.saving.register_keras_serializable(package="simclr_tf")
class MixUp(LabelMixer):
    """Blends each picture, and its target, with another of the batch.

    The share λ of the picture itself is drawn for each picture from Beta(alpha, alpha) (the
    paper's code draws it once a batch); the others are a permutation of the batch.

    Args:
        alpha: greater than 0; .2 mixes little, 1 uniformly.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if `alpha` is not greater than 0.

    Example:
        >>> images, targets = MixUp(alpha=0.2, seed=0)((images, one_hot_labels))

    Reference:
        Zhang et al. 2018, "mixup: beyond empirical risk minimization", equation 2.
    """

    def __init__(self, alpha: float = 0.2, seed: int | None = None, **kwargs) -> None:
        super().__init__(seed=seed, **kwargs)
        check_positive("alpha", alpha)
        self.alpha = alpha

    def mix(self, images, targets, seed):
        partner_seed, share_seed = tf.unstack(tf.random.split(seed, 2), num=2)
        batch = tf.shape(images)[0]
        partners = draw_partners(partner_seed, batch)
        share = draw_beta(share_seed, batch, self.alpha)
        weight = share[:, None, None, None]
        mixed = weight * images + (1.0 - weight) * tf.gather(images, partners)
        return mixed, blend_targets(targets, partners, share)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}
