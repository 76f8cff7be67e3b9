"""Augmentations that mix pictures with one another, and their targets alike."""

from __future__ import annotations

import tensorflow as tf

from simclr_tf.augment.random_layer import RandomLayer
from simclr_tf.distribution.replicas import gather_rows, take_own_rows


class LabelMixer(RandomLayer):
    """The base of `MixUp` and `CutMix`.

    Keras's own layers of these names are not used: their draws are neither saved with a model
    nor a function of a seed, so that a resumed run would see other mixtures; its CutMix draws
    alpha anew for every batch, and its targets follow the drawn rectangle, not the pixels in it.

    `mix(images, targets, seed)` is a pure function. Calling the layer draws the next seed from
    its own generator; with `training=False` nothing is mixed.

    Args:
        seed: see `RandomLayer`.

    Input shape:
        `(images, targets)`: `[batch, height, width, 3]`, uint8 or floating, 0..255, and floating
        `[batch, classes]`, one-hot or soft.

    Output shape:
        The same, float32.
    """

    def mix(
        self, images: tf.Tensor, targets: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns float32 images and targets; `seed` is int32 `[2]`."""
        raise NotImplementedError

    def call(self, images_and_targets, training=True):
        images, targets = images_and_targets
        images, targets = tf.convert_to_tensor(images), tf.convert_to_tensor(targets)
        if len(targets.shape) != 2:
            raise ValueError(
                "`targets` must have the shape [batch, classes], one-hot or soft. "
                f"Received: targets.shape={tuple(targets.shape)}"
            )
        images, targets = tf.cast(images, tf.float32), tf.cast(targets, tf.float32)
        if not training:
            return images, targets
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        # A partner may be with another replica, so that each of them mixes the whole batch.
        images, targets = self.mix(gather_rows(images), gather_rows(targets), seed)
        return take_own_rows(images), take_own_rows(targets)


def draw_partners(seed: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
    """Returns int32 `[batch]`, a permutation of the rows."""
    return tf.argsort(tf.random.stateless_uniform([batch], seed))


def draw_beta(seed: tf.Tensor, batch: tf.Tensor, alpha: float) -> tf.Tensor:
    """Returns float32 `[batch]` from the distribution Beta(alpha, alpha)."""
    gamma = tf.random.stateless_gamma([2, batch], seed, alpha)
    total = gamma[0] + gamma[1]
    # Where alpha is small both can be below what float32 tells apart; their ratio is 0 or 1 then.
    coin = tf.random.stateless_uniform([batch], seed) < 0.5
    large = total > 1e-30
    return tf.where(large, gamma[0] / tf.where(large, total, 1.0), tf.cast(coin, tf.float32))


def blend_targets(targets: tf.Tensor, partners: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """Returns `share` (`[batch]`) of each row's own target and the rest of its partner's."""
    share = share[:, None]
    return share * targets + (1.0 - share) * tf.gather(targets, partners)
