"""Layer-wise adaptive rate scaling, the optimizer of the SimCLR paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from simclr_tf.checks import check_at_least, check_between, check_positive

# Keras names the variables of normalisation and biases so, whatever the layer is called.
BATCH_NORM_AND_BIAS = ("gamma", "beta", "bias")


@keras.saving.register_keras_serializable(package="simclr_tf")
class LARS(keras.optimizers.Optimizer):
    """Momentum SGD whose step is rescaled for each variable by its norm over its gradient's.

    With `g` the gradient of a variable `w`, `wd` the weight decay and `m` the momentum:
    `g = g + wd * w`, `trust = trust_coefficient * ||w|| / (||g|| + epsilon)`,
    `v = m * v + learning_rate * trust * g`, `w = w - v` (with Nesterov
    `w = w - m * v - learning_rate * trust * g`). `trust` is 1 where either norm is 0 and for
    the variables left out of the adaptation. The weight decay is coupled: it goes through the
    trust ratio and the momentum, unlike that of Keras's own optimizers.

    Args:
        learning_rate: Positive float or a schedule. The paper's is .3 * batch / 256.
        momentum: In [0, 1]. Defaults to .9.
        weight_decay: At least 0. Defaults to 1e-6.
        trust_coefficient: Greater than 0. Defaults to 1e-3.
        epsilon: At least 0, added to the gradient's norm. Defaults to 0, as in the reference.
        nesterov: Whether to use Nesterov momentum. Defaults to False.
        exclude_from_weight_decay: Regular expressions; a variable whose path holds one of them
            (`re.search` in `"layer/kernel"`) has no weight decay. Defaults to batch
            normalisation and biases.
        exclude_from_layer_adaptation: The same for the trust ratio.
        **kwargs: Other arguments of `keras.optimizers.Optimizer`: `name`, `global_clipnorm`, ...

    Raises:
        ValueError: If an argument is outside its range.

    Example:
        >>> optimizer = LARS(learning_rate=0.3, momentum=0.9, weight_decay=1e-6)

    Reference:
        You, Gitman and Ginsburg, "Large Batch Training of Convolutional Networks" (2017),
        algorithm 1; the order of decay, trust ratio and momentum ("classic momentum") follows
        https://github.com/google-research/simclr/blob/036ea7baa3eeb255c88a08392fcdc1d55bb8133f/lars_optimizer.py
    """

    def __init__(
        self,
        learning_rate: Any = 0.1,
        momentum: float = 0.9,
        weight_decay: float = 1e-6,
        trust_coefficient: float = 1e-3,
        epsilon: float = 0.0,
        nesterov: bool = False,
        exclude_from_weight_decay: Sequence[str] = BATCH_NORM_AND_BIAS,
        exclude_from_layer_adaptation: Sequence[str] = BATCH_NORM_AND_BIAS,
        **kwargs: Any,
    ):
        check_between("momentum", momentum, 0, 1)
        check_at_least("weight_decay", weight_decay, 0)
        check_positive("trust_coefficient", trust_coefficient)
        check_at_least("epsilon", epsilon, 0)
        # The base class would apply a weight decay of its own, decoupled from the gradient.
        super().__init__(learning_rate=learning_rate, weight_decay=None, **kwargs)
        self.momentum = momentum
        self.coupled_weight_decay = weight_decay
        self.trust_coefficient = trust_coefficient
        self.epsilon = epsilon
        self.nesterov = nesterov
        self.weight_decay_exclusions = _as_patterns(
            "exclude_from_weight_decay", exclude_from_weight_decay
        )
        self.layer_adaptation_exclusions = _as_patterns(
            "exclude_from_layer_adaptation", exclude_from_layer_adaptation
        )

    def build(self, variables: list[keras.Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self.velocities = self.add_optimizer_variables(variables, "momentum")
        # Decided here because `update_step` receives backend variables, which have no path.
        self.decays = [not _matches(v.path, self.weight_decay_exclusions) for v in variables]
        self.adapts = [not _matches(v.path, self.layer_adaptation_exclusions) for v in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        gradient = ops.cast(gradient, variable.dtype)
        if self.decays[index]:
            gradient = gradient + self.coupled_weight_decay * variable
        rate = ops.cast(learning_rate, "float32")
        if self.adapts[index]:
            rate = rate * self._trust_ratio(gradient, variable)
        scaled_gradient = ops.cast(rate, variable.dtype) * gradient
        velocity = self.momentum * ops.convert_to_tensor(self.velocities[index]) + scaled_gradient
        self.assign(self.velocities[index], velocity)
        if self.nesterov:
            self.assign_sub(variable, self.momentum * velocity + scaled_gradient)
        else:
            self.assign_sub(variable, velocity)

    def _trust_ratio(self, gradient: Any, variable: Any) -> Any:
        variable_norm = ops.norm(ops.reshape(ops.cast(variable, "float32"), [-1]))
        gradient_norm = ops.norm(ops.reshape(ops.cast(gradient, "float32"), [-1]))
        both = ops.logical_and(variable_norm > 0, gradient_norm > 0)
        divisor = ops.where(both, gradient_norm + self.epsilon, 1.0)
        return ops.where(both, self.trust_coefficient * variable_norm / divisor, 1.0)

    def exclude_from_weight_decay(
        self, var_list: Sequence[Any] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Replaces the `exclude_from_weight_decay` argument, before the optimizer is built.

        Args:
            var_list: Not accepted: variables, unlike names, cannot be kept in the config.
            var_names: Regular expressions searched for in each variable's path.

        Raises:
            ValueError: If `var_list` is given or the optimizer is built already.
        """
        if var_list:
            raise ValueError(
                "`var_list` is not accepted by LARS; give `var_names`. "
                f"Received: var_list={[variable.path for variable in var_list]}"
            )
        if self.built:
            raise ValueError(
                "`exclude_from_weight_decay()` must be called before the optimizer is built. "
                f"Received: var_names={var_names!r}"
            )
        self.weight_decay_exclusions = _as_patterns("var_names", var_names or ())

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "weight_decay": self.coupled_weight_decay,
            "trust_coefficient": self.trust_coefficient,
            "epsilon": self.epsilon,
            "nesterov": self.nesterov,
            "exclude_from_weight_decay": list(self.weight_decay_exclusions),
            "exclude_from_layer_adaptation": list(self.layer_adaptation_exclusions),
        }


def _as_patterns(name: str, patterns: Sequence[str]) -> tuple[str, ...]:
    # A lone string would otherwise be read as a list of its letters and match nearly everything.
    if isinstance(patterns, str):
        raise ValueError(f"`{name}` must be a list of strings. Received: {name}={patterns!r}")
    return tuple(patterns)


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(re.search(pattern, path) for pattern in patterns)
