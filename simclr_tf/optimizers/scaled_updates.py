"""Any optimizer with a learning rate of its own for each variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from simclr_tf.checks import check_at_least


@keras.saving.register_keras_serializable(package="simclr_tf")
class ScaledUpdates(keras.optimizers.Optimizer):
    """Lets another optimizer update the variables, and keeps a share of each variable's change.

    What is scaled is the change itself, weight decay included, not the gradient, to whose scale
    Adam, LAMB and LARS are blind. All optimizers here change a variable in proportion to their
    learning rate, so a factor is a factor of the learning rate.

    Args:
        inner_optimizer: optimizer that is not built yet.
        factors: one for each variable in the order of `build`, at least 0.
        name: of the optimizer.

    Raises:
        ValueError: if a factor is negative, or their number is not that of the variables.

    Example:
        >>> optimizer = ScaledUpdates(keras.optimizers.Adam(1e-3), factors=[0.64, 0.8, 1.0])
        >>> optimizer.build(model.trainable_variables)
    """

    def __init__(
        self,
        inner_optimizer: keras.optimizers.Optimizer,
        factors: Sequence[float],
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate=0.0, name=name)
        check_at_least("factors", min(factors, default=0.0), 0)
        self.inner_optimizer = inner_optimizer
        self.factors = tuple(float(factor) for factor in factors)

    def build(self, variables: list[keras.Variable]) -> None:
        if self.built:
            return
        if len(variables) != len(self.factors):
            raise ValueError(
                f"`factors` must be one for each of the {len(variables)} variables. "
                f"Received: {len(self.factors)}"
            )
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self):
        return [*super().variables, *self.inner_optimizer.variables]

    @property
    def learning_rate(self):
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate):
        self.inner_optimizer.learning_rate = learning_rate

    @property
    def iterations(self):
        return self.inner_optimizer.iterations

    def scale_loss(self, loss):
        return self.inner_optimizer.scale_loss(loss)

    def apply(self, grads, trainable_variables=None):
        if trainable_variables is None:
            trainable_variables = self._trainable_variables
        variables = list(trainable_variables)
        self.build(variables)
        scaled = [
            (variable, factor, ops.copy(variable))
            for variable in variables
            if (factor := self.factors[self._get_variable_index(variable)]) != 1
        ]
        self.inner_optimizer.apply(grads, variables)
        for variable, factor, before in scaled:
            self.assign(variable, before + factor * (variable - before))

    def finalize_variable_values(self, var_list):
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inner_optimizer": keras.saving.serialize_keras_object(self.inner_optimizer),
            "factors": [float(factor) for factor in self.factors],
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        inner = keras.saving.deserialize_keras_object(
            config["inner_optimizer"], custom_objects=custom_objects
        )
        return cls(**{**config, "inner_optimizer": inner})
