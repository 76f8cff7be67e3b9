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
    has clipped its own part: where one clips, the first replica hands it the sum and the others
    zeros (the gradients travel twice then). Keras's loss scaling looks for infinities in the part
    of the first replica alone, and exchanges gradients within a branch of the graph, which
    several workers cannot: with several replicas it is done here, by the same rule.

    Args:
        optimizer: optimizer, perhaps within a `LossScaleOptimizer` or `ScaledUpdates`; built
            where there are several replicas.
        gradients: of this replica's share of the loss, one for each variable in order.
        variables: what is updated.
    """
    if replica_count() > 1:
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            _apply_scaled(optimizer, gradients, variables)
            return
        if _clips(optimizer):
            gradients = _sum_on_the_first(gradients)
    optimizer.apply_gradients(zip(gradients, variables, strict=True))


def _apply_scaled(optimizer, gradients, variables) -> None:
    """Takes the step and takes it back where a gradient of any replica is not finite."""
    scale = tf.convert_to_tensor(optimizer.dynamic_scale)
    finite = _finite_on_all(gradients)
    unscaled = [
        None if gradient is None else tf.where(finite, gradient / scale, 0.0)
        for gradient in gradients
    ]
    changing = [*variables, *optimizer.inner_optimizer.variables]
    before = [tf.identity(variable) for variable in changing]
    apply_gradients(optimizer.inner_optimizer, unscaled, variables)
    for variable, value in zip(changing, before, strict=True):
        variable.assign(tf.where(finite, tf.convert_to_tensor(variable), value))
    steps = tf.convert_to_tensor(optimizer.step_counter) + 1
    grown = steps >= optimizer.dynamic_growth_steps
    optimizer.dynamic_scale.assign(
        tf.where(finite, tf.where(grown, 2.0 * scale, scale), 0.5 * scale)
    )
    kept_on = tf.logical_and(finite, tf.logical_not(grown))
    optimizer.step_counter.assign(tf.where(kept_on, steps, 0))


def _finite_on_all(gradients) -> tf.Tensor:
    own = [tf.reduce_all(tf.math.is_finite(g)) for g in gradients if g is not None]
    broken = sum_over_replicas(tf.cast(tf.logical_not(tf.reduce_all(own)), tf.float32))
    return broken < 0.5


def _clips(optimizer) -> bool:
    """Whether an optimizer, or one within it, changes gradients by their size."""
    names = ("clipnorm", "global_clipnorm", "clipvalue")
    inner = getattr(optimizer, "inner_optimizer", None)
    clips = any(getattr(optimizer, name, None) is not None for name in names)
    return clips or (inner is not None and _clips(inner))


def _sum_on_the_first(gradients):
    first = tf.distribute.get_replica_context().replica_id_in_sync_group == 0
    return [
        None if gradient is None else sum_over_replicas(gradient) * tf.cast(first, gradient.dtype)
        for gradient in gradients
    ]
