"""One function that builds every optimizer the scripts offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from simclr_tf.checks import check_at_least, check_between, check_one_of, check_positive
from simclr_tf.optimizers.lars import BATCH_NORM_AND_BIAS, LARS
from simclr_tf.optimizers.scaled_updates import ScaledUpdates

OPTIMIZERS = ("sgd", "adam", "adamw", "lars", "lamb")
WITH_MOMENTUM = ("sgd", "lars")


def build_optimizer(
    name: str,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
    *,
    weight_decay: float = 0.0,
    momentum: float = 0.9,
    clip_norm: float | None = None,
    nesterov: bool = False,
    loss_scaling: bool = False,
    update_factors: Sequence[float] | None = None,
) -> keras.optimizers.Optimizer:
    """Returns an optimizer whose weight decay skips batch normalisation and biases.

    The weight decay means what the optimizer's own paper or Keras means by it. For `"sgd"`,
    `"adam"`, `"adamw"` and `"lamb"` it is Keras's decoupled decay,
    `w -= learning_rate * weight_decay * w`. For `"lars"` it is added to the gradient. A value
    from a PyTorch SGD recipe, which goes through the momentum, corresponds to
    `value / (1 - momentum)` here: 5e-4 at momentum .9 becomes 5e-3.

    Keras does not save which variables its own optimizers skip (LARS does): after loading a
    compiled model, build the optimizer again before training on.

    Args:
        name: `"sgd"`, `"adam"`, `"adamw"`, `"lars"` or `"lamb"`.
        learning_rate: Positive float, or a schedule such as `WarmupCosine`.
        weight_decay: At least 0; 0 (default) means none.
        momentum: In [0, 1], for `"sgd"` and `"lars"` only. Defaults to .9.
        clip_norm: Largest norm of all gradients together, greater than 0; None (default) does
            not clip.
        nesterov: Nesterov momentum, for `"sgd"` and `"lars"` only. Defaults to False.
        loss_scaling: Scale the loss dynamically, which float16 needs. Defaults to False.
        update_factors: One factor of the learning rate for each variable, see `ScaledUpdates`;
            None (default) means 1.

    Returns:
        An optimizer that is not built yet.

    Raises:
        ValueError: If `name` is unknown or an argument is outside its range.
    """
    _check_arguments(name, weight_decay, momentum, clip_norm, nesterov)
    if not isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        check_positive("learning_rate", learning_rate)
        learning_rate = float(learning_rate)

    arguments: dict[str, Any] = {"learning_rate": learning_rate, "global_clipnorm": clip_norm}
    if name in WITH_MOMENTUM:
        arguments.update(momentum=float(momentum), nesterov=nesterov)
    classes = {
        "sgd": keras.optimizers.SGD,
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "lars": LARS,
        "lamb": keras.optimizers.Lamb,
    }
    optimizer = classes[name](weight_decay=weight_decay, **arguments)
    if name != "lars":  # which leaves them out by itself
        optimizer.exclude_from_weight_decay(var_names=list(BATCH_NORM_AND_BIAS))
    if update_factors is not None:
        optimizer = ScaledUpdates(optimizer, update_factors)
    return keras.optimizers.LossScaleOptimizer(optimizer) if loss_scaling else optimizer


def _check_arguments(
    name: str, weight_decay: float, momentum: float, clip_norm: float | None, nesterov: bool
) -> None:
    check_one_of("optimizer", name, OPTIMIZERS)
    check_at_least("weight_decay", weight_decay, 0)
    check_between("momentum", momentum, 0, 1)
    if clip_norm is not None:
        check_positive("clip_norm", clip_norm)
    if nesterov and name not in WITH_MOMENTUM:
        raise ValueError(
            f"`nesterov` is only for {' and '.join(WITH_MOMENTUM)}. "
            f"Received: nesterov={nesterov!r}, optimizer={name!r}"
        )
