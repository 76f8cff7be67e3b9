"""What a training does about a step whose loss is no number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.files import read_json
from simclr_tf.runs import RunFolder
from simclr_tf.training.checkpoints import Checkpoints

NON_FINITE_FILE = "non_finite_steps.json"
# When all steps fail the weights themselves are no longer to be helped.
_MOST_IN_A_ROW = 10


class NonFiniteLoss(ValueError):  # noqa: N818 (the state of the training, not a fault)
    """A loss that is NaN or infinite; the text says where the pictures of the step are named."""


class NonFiniteGuard(keras.callbacks.Callback):
    """Notices a loss that is NaN or infinite, names the pictures of that step, stops or skips it.

    It writes non_finite_steps.json into the run folder: for each such step its pictures and those
    of the step before, whose gradients may have been what was not finite. A checkpoint of such
    weights is never saved. When skipping, all variables are put back as they were before the step,
    and its pictures teach nothing; this costs a copy of them a step.

    Must be the first of the callbacks, so that the others never see such a step.

    Args:
        run: run folder to write into.
        checkpoints: know all variables.
        skip: put the weights back and go on, instead of stopping.
        first_step: steps taken before this training.
        name_batch: from the number of a step, from 0, to its pictures; `None` where unknown.
    """

    def __init__(
        self,
        run: RunFolder,
        checkpoints: Checkpoints,
        skip: bool,
        first_step: int,
        name_batch: Callable[[int], Sequence[str]] | None,
    ) -> None:
        super().__init__()
        self.run = run
        self.checkpoints = checkpoints
        self.skip = skip
        self.step = first_step
        self.name_batch = name_batch
        self._before: list[tuple[Any, tf.Tensor]] = []
        self._skipped_in_a_row = 0
        self._unseen: tuple[int, Any] | None = None

    def on_train_batch_begin(self, batch, logs=None):
        if self.skip:
            variables = self.checkpoints.variables()
            self._before = [(variable, tf.identity(variable.value)) for variable in variables]

    def on_train_batch_end(self, batch, logs=None):
        step, self.step = self.step, self.step + 1
        loss = (logs or {}).get("loss", 0.0)
        if self.skip:
            self._skip_if_needed(step, loss)
            return
        # A step later its loss is known without waiting for an accelerator.
        self._look()
        self._unseen = step, loss

    def on_epoch_end(self, epoch, logs=None):
        self._look()

    def check_weights(self) -> None:
        """Raises `NonFiniteLoss` unless the weights may be saved."""
        self._look()
        if not self._weights_are_finite():
            self._stop(self.step - 1, "the weights are not finite")

    def _look(self) -> None:
        if self._unseen is not None:
            (step, loss), self._unseen = self._unseen, None
            # The running mean of an epoch stays what the first bad step made of it.
            if not np.isfinite(np.asarray(loss)).all():
                self._stop(step, f"the loss is {np.ravel(np.asarray(loss))[0]}")

    def _skip_if_needed(self, step: int, loss: Any) -> None:
        if np.isfinite(np.asarray(loss)).all() and self._weights_are_finite():
            self._skipped_in_a_row = 0
            return
        self._skipped_in_a_row += 1
        if self._skipped_in_a_row > _MOST_IN_A_ROW:
            self._stop(step, f"{_MOST_IN_A_ROW} steps in a row were skipped")
        for variable, value in self._before:
            variable.assign(value)
        self._record(step, "skipped")

    def _weights_are_finite(self) -> bool:
        weights = self.model.trainable_variables
        return all(bool(tf.reduce_all(tf.math.is_finite(weight.value))) for weight in weights)

    def _stop(self, step: int, reason: str) -> None:
        self._record(step, "stopped")
        raise NonFiniteLoss(
            f"Stopped after step {step + 1}: {reason}. Its pictures are named in "
            f"{self.run.path / NON_FINITE_FILE}; the last checkpoint is from before it. "
            "Resume with non_finite_loss=skip to leave such steps out, or start again with a "
            "smaller learning_rate or with clip_norm"
        )

    def _record(self, step: int, outcome: str) -> None:
        path = self.run.path / NON_FINITE_FILE
        steps = read_json(path, list) if path.is_file() else []
        entry = {
            "step": step + 1,
            "outcome": outcome,
            "learning_rate": float(self.model.optimizer.learning_rate),
            "pictures": self._names(step),
            "pictures_of_the_step_before": self._names(step - 1),
        }
        self.run.write_json(NON_FINITE_FILE, [*steps, entry])

    def _names(self, step: int) -> list[str] | None:
        if self.name_batch is None or step < 0:
            return None
        return list(self.name_batch(step))
