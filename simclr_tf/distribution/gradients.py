"""The update of the weights by the gradients of all replicas."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf

from simclr_tf.distribution.replicas import replica_count, sum_over_replicas


def apply_gradients(
    optimizer: keras.optimizers.Optimizer,
    gradients: Sequence[tf.Tensor | None],
    variables: Sequence[keras.Variable],
) -> None:
    """Applies the sum of all replicas' gradients, as one device would apply that sum.

    Keras's optimizers add up the gradients of the replicas themselves, but only after each replica
    has clipped its own part, and its loss scaling looks for infinities in the part of the first
    replica alone. Where an optimizer clips, the first replica therefore hands it the sum and the
    others zeros (the gradients travel twice then); where it scales the loss, all replicas hand
    it NaN as soon as one has an infinity.

    Args:
        optimizer: optimizer, perhaps within a `LossScaleOptimizer` or `ScaledUpdates`.
        gradients: of this replica's share of the loss, one for each variable in order.
        variables: what is updated.
    """
    if replica_count() > 1:
        chain = _chain(optimizer)
        if any(_clips(part) for part in chain):
            gradients = _sum_on_the_first(gradients)
        elif any(isinstance(part, keras.optimizers.LossScaleOptimizer) for part in chain):
            gradients = _not_finite_together(gradients)
    optimizer.apply_gradients(zip(gradients, variables, strict=True))


def _chain(optimizer) -> list[keras.optimizers.Optimizer]:
    chain = [optimizer]
    while (inner := getattr(chain[-1], "inner_optimizer", None)) is not None:
        chain.append(inner)
    return chain


def _clips(optimizer) -> bool:
    names = ("clipnorm", "global_clipnorm", "clipvalue")
    return any(getattr(optimizer, name, None) is not None for name in names)


def _sum_on_the_first(gradients):
    first = tf.distribute.get_replica_context().replica_id_in_sync_group == 0
    # Zero times infinity is NaN: what is not finite stays so on every replica.
    return [
        None if gradient is None else sum_over_replicas(gradient) * tf.cast(first, gradient.dtype)
        for gradient in gradients
    ]


def _not_finite_together(gradients):
    finite = [tf.reduce_all(tf.math.is_finite(g)) for g in gradients if g is not None]
    broken = sum_over_replicas(tf.cast(tf.logical_not(tf.reduce_all(finite)), tf.float32))
    spoil = tf.where(broken > 0, float("nan"), 0.0)
    return [None if g is None else g + tf.cast(spoil, g.dtype) for g in gradients]
