"""The training loop: Keras's `fit`, recorded in a run folder and resumable to the bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.checks import check_at_least, check_one_of
from simclr_tf.runs import RunFolder
from simclr_tf.training.callbacks import (
    CheckpointSaver,
    EpochMeasurement,
    EpochRecorder,
    MetricRestorer,
    ProgressBar,
)
from simclr_tf.training.checkpoints import Checkpoints


@dataclasses.dataclass(frozen=True)
class TrainingPlan:
    """How long to train and what to keep.

    Attributes:
        steps_per_epoch: training steps in an epoch, at least 1.
        epochs: at least 1.
        batch_size: pictures a step, at least 1.
        monitor: logged value that decides which epoch was best.
        mode: `"min"` or `"max"`.
        checkpoint_every_steps: also save within epochs; 0 saves at their ends only.
        name: shown before the progress bar.
    """

    steps_per_epoch: int
    epochs: int
    batch_size: int
    monitor: str = "loss"
    mode: str = "min"
    checkpoint_every_steps: int = 0
    name: str = "training"

    def __post_init__(self) -> None:
        check_at_least("steps_per_epoch", self.steps_per_epoch, 1)
        check_at_least("epochs", self.epochs, 1)
        check_at_least("batch_size", self.batch_size, 1)
        check_at_least("checkpoint_every_steps", self.checkpoint_every_steps, 0)
        check_one_of("mode", self.mode, ["min", "max"])

    @property
    def total_steps(self) -> int:
        """Training steps in all."""
        return self.steps_per_epoch * self.epochs


def train(
    model: keras.Model,
    kept: keras.Model,
    batches: Callable[[int, int], tf.data.Dataset],
    plan: TrainingPlan,
    run: RunFolder,
    *,
    validation: tf.data.Dataset | None = None,
    measure: Callable[[], Mapping[str, float]] | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> list[np.ndarray]:
    """Trains `model` from its newest checkpoint in `run`, or from the start.

    Writes metrics.csv and checkpoints on the way. A run that was stopped and resumed ends with
    the same weights and metrics as one that was not.

    Args:
        model: compiled and built model.
        kept: the model or the part of it whose best weights are returned.
        batches: `batches(start_step, num_steps)` gives the batches from `start_step` on.
        plan: how long to train and what to keep.
        run: run folder; its lock is held.
        validation: batches evaluated after every epoch.
        measure: called after every epoch; its figures are recorded, and `plan.monitor` may be one.
        callbacks: further Keras callbacks.

    Returns:
        The weights of `kept` after the best epoch, as `get_weights` gives them.

    Raises:
        ValueError: if the checkpoint in `run` is of another model, or `plan.monitor` is not logged.
        KeyboardInterrupt: after Ctrl-C, once a checkpoint is saved.
        SystemExit: after SIGTERM likewise, with status 143.
    """
    recorder = EpochRecorder(run, kept, plan.batch_size, plan.monitor, plan.mode)
    checkpoints = Checkpoints(model, run.checkpoint_path)
    restored = checkpoints.restore()
    step = 0
    if restored is not None:
        step, state = restored
        recorder.restore(state)
    run.drop_metrics_after(step // plan.steps_per_epoch)
    saver = CheckpointSaver(checkpoints, recorder, step, plan.checkpoint_every_steps)
    progress = ProgressBar(plan.name, step, plan.total_steps, plan.batch_size)
    measured = [] if measure is None else [EpochMeasurement(measure)]
    always = [*measured, recorder, saver, progress, *callbacks]

    def fit(first_step: int, last_step: int, added: list[keras.callbacks.Callback]) -> None:
        first_epoch, offset = divmod(first_step, plan.steps_per_epoch)
        model.fit(
            batches(first_step, last_step - first_step),
            initial_epoch=first_epoch,
            epochs=-(-last_step // plan.steps_per_epoch),
            steps_per_epoch=plan.steps_per_epoch - offset,
            validation_data=validation,
            callbacks=always + added,
            shuffle=False,
            verbose=0,
        )
        saver.stop_if_asked()

    try:
        begun = step % plan.steps_per_epoch
        if begun:
            epoch_end = step - begun + plan.steps_per_epoch
            fit(step, epoch_end, [MetricRestorer()])
            step = epoch_end
        if step < plan.total_steps:
            fit(step, plan.total_steps, [])
    finally:
        saver.release_signals()
        progress.close()
    return recorder.best_weights
