"""The training loop: Keras's `fit`, recorded in a run folder and resumable to the bit."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.checks import check_at_least, check_between, check_one_of
from simclr_tf.distribution.batches import distribute_batches
from simclr_tf.distribution.keras_faults import build_before_fit
from simclr_tf.distribution.workers import figures_of_chief
from simclr_tf.runs import DEFAULT_SAFETY, RunFolder, SafetySettings
from simclr_tf.training.callbacks import (
    CheckpointSaver,
    EpochMeasurement,
    EpochRecorder,
    MetricRestorer,
)
from simclr_tf.training.checkpoints import Checkpoints
from simclr_tf.training.early_stop import EarlyStop
from simclr_tf.training.non_finite_guard import NonFiniteGuard
from simclr_tf.training.progress_bar import ProgressBar
from simclr_tf.training.weight_average import WeightAverage


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
        patience: end after so many epochs in a row without a better one, those before the last
            stage not counted; 0 does not.
        weight_averaging: momentum of a `WeightAverage` that is measured and kept in place of the
            weights, 0..1; 0 is without.
        name: shown before the progress bar.
        safety: how often to save, and what to do about a loss that is no number.
    """

    steps_per_epoch: int
    epochs: int
    batch_size: int
    monitor: str = "loss"
    mode: str = "min"
    checkpoint_every_steps: int = 0
    patience: int = 0
    weight_averaging: float = 0.0
    name: str = "training"
    safety: SafetySettings = DEFAULT_SAFETY

    def __post_init__(self) -> None:
        check_at_least("steps_per_epoch", self.steps_per_epoch, 1)
        check_at_least("epochs", self.epochs, 1)
        check_at_least("batch_size", self.batch_size, 1)
        check_at_least("checkpoint_every_steps", self.checkpoint_every_steps, 0)
        check_at_least("patience", self.patience, 0)
        check_between("weight_averaging", self.weight_averaging, 0, 1)
        check_one_of("mode", self.mode, ["min", "max"])

    @property
    def total_steps(self) -> int:
        """Training steps in all."""
        return self.steps_per_epoch * self.epochs


@dataclasses.dataclass(frozen=True)
class TrainingStage:
    """Some epochs of a training, with an optimizer of their own.

    Attributes:
        epochs: at least 1.
        begin: compiles the model for them. The variables of its optimizer must have the shapes of
            the other stages' too, so that a checkpoint fits whichever stage it is from.
    """

    epochs: int
    begin: Callable[[], None]

    def __post_init__(self) -> None:
        check_at_least("epochs", self.epochs, 1)


def train(
    model: keras.Model,
    kept: keras.Model,
    batches: Callable[[int, int], tf.data.Dataset],
    plan: TrainingPlan,
    run: RunFolder,
    *,
    validation: Callable[[], tf.data.Dataset] | tf.data.Dataset | None = None,
    measure: Callable[[], Mapping[str, float]] | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    stages: Sequence[TrainingStage] = (),
    name_batch: Callable[[int], Sequence[str]] | None = None,
) -> list[np.ndarray]:
    """Trains `model` from its newest checkpoint in `run`, or from the start.

    Writes metrics.csv and checkpoints on the way. A run that was stopped and resumed ends with
    the same weights and metrics as one that was not.

    In the scope of a strategy the batches are shared out among its replicas, and the model must
    have been made there. All workers call this alike, each with a run folder of its own.

    Args:
        model: built model; compiled as well where there are no `stages`.
        kept: the model or the part of it whose best weights are returned.
        batches: `batches(start_step, num_steps)` gives the batches from `start_step` on.
        plan: how long to train and what to keep.
        run: run folder; its lock is held.
        validation: batches evaluated after every epoch, or what gives them: with several replicas
            it must be the latter, and give whole batches.
        measure: called after every epoch; its figures are recorded, and `plan.monitor` may be one.
        callbacks: further Keras callbacks.
        stages: parts of the training, with the plan's epochs in all; one as compiled by default.
        name_batch: from the number of a batch to its pictures, named where a loss is no number.

    Returns:
        The weights of `kept` after the best epoch, or their average, as `get_weights` gives them.

    Raises:
        ValueError: if the checkpoint in `run` is of another model, `plan.monitor` is not logged,
            the stages have not the plan's epochs or the replicas cannot share a batch evenly.
        NonFiniteLoss: after a step whose loss is no number, unless such steps are skipped.
        OSError: if the disk is full; the last checkpoint is then as it was.
        KeyboardInterrupt: after Ctrl-C, once a checkpoint is saved.
        SystemExit: after SIGTERM likewise, with status 143.
    """
    bounds = _bounds(stages or [TrainingStage(plan.epochs, lambda: None)], plan)
    bounds[0][2].begin()
    average = WeightAverage(model, plan.weight_averaging) if plan.weight_averaging else None
    recorder = EpochRecorder(run, kept, plan.batch_size, plan.monitor, plan.mode, average)
    averaged = [] if average is None else [average]
    kept_state: list[EpochRecorder | WeightAverage] = [recorder, *averaged]
    checkpoints = Checkpoints(model, run.checkpoint_path, plan.safety.keep_checkpoints)
    step = _restore(checkpoints, kept_state)
    run.drop_metrics_after(step // plan.steps_per_epoch)
    skip = plan.safety.non_finite_loss == "skip"
    guard = NonFiniteGuard(run, checkpoints, skip, step, name_batch)

    def state_to_save() -> dict[str, np.ndarray]:
        guard.check_weights()
        return {name: array for part in kept_state for name, array in part.state().items()}

    saver = _saver(checkpoints, state_to_save, step, plan, recorder)
    progress = ProgressBar(plan.name, step, plan.total_steps, plan.batch_size)
    stop = EarlyStop(recorder, plan.patience, first_epoch=bounds[-1][0] // plan.steps_per_epoch)
    measured = [] if measure is None else [EpochMeasurement(figures_of_chief(measure), average)]
    always = [guard, *averaged, *measured, recorder, stop, saver, progress, *callbacks]

    def fit(first_step: int, last_step: int) -> None:
        whole_epochs = first_step % plan.steps_per_epoch == 0
        added = always if whole_epochs else [*always, MetricRestorer()]
        data = distribute_batches(lambda: batches(first_step, last_step - first_step))
        _fit(model, data, validation, plan, first_step, last_step, added)
        saver.stop_if_asked()

    try:
        for first_step, last_step, stage in bounds:
            if first_step and step < last_step:
                stage.begin()
                if step > first_step:
                    # Once more, now into the optimizer of this stage.
                    checkpoints.restore()
            for end in _fits(step, last_step, plan.steps_per_epoch):
                if not stop.due(step // plan.steps_per_epoch):
                    fit(step, end)
                    step = end
    finally:
        saver.release_signals()
        progress.close()
    return recorder.best_weights


def _restore(checkpoints: Checkpoints, parts: Sequence[EpochRecorder | WeightAverage]) -> int:
    """Puts the newest checkpoint back; returns the steps taken before it."""
    restored = checkpoints.restore()
    if restored is None:
        return 0
    step, state = restored
    for part in parts:
        part.restore(state)
    return step


def _saver(
    checkpoints: Checkpoints,
    state: Callable[[], dict[str, np.ndarray]],
    step: int,
    plan: TrainingPlan,
    recorder: EpochRecorder,
) -> CheckpointSaver:
    return CheckpointSaver(
        checkpoints,
        state,
        step,
        plan.checkpoint_every_steps,
        plan.safety.checkpoint_every_minutes,
        best_step=lambda: recorder.best_epoch * plan.steps_per_epoch,
    )


def _fit(model, data, validation, plan, first_step, last_step, callbacks) -> None:
    build_before_fit(model)
    first_epoch, offset = divmod(first_step, plan.steps_per_epoch)
    validation_steps = None
    if callable(validation):
        # Shared out they are endless.
        validation_steps = int(validation().cardinality())
        validation = distribute_batches(validation)
    model.fit(
        data,
        initial_epoch=first_epoch,
        epochs=-(-last_step // plan.steps_per_epoch),
        steps_per_epoch=plan.steps_per_epoch - offset,
        validation_data=validation,
        validation_steps=validation_steps,
        callbacks=callbacks,
        shuffle=False,
        verbose=0,
    )


def _bounds(
    stages: Sequence[TrainingStage], plan: TrainingPlan
) -> list[tuple[int, int, TrainingStage]]:
    """Returns first step, step after the last, and stage."""
    ends = list(itertools.accumulate(stage.epochs for stage in stages))
    if ends[-1] != plan.epochs:
        raise ValueError(
            f"`stages` must have the plan's {plan.epochs} epochs in all. Received: {ends[-1]}"
        )
    steps = [plan.steps_per_epoch * end for end in ends]
    return list(zip([0, *steps], steps, stages, strict=False))


def _fits(step: int, last_step: int, steps_per_epoch: int) -> list[int]:
    """Returns where the calls of `fit` end: the rest of a begun epoch needs one of its own."""
    ends = {min(last_step, -(-step // steps_per_epoch) * steps_per_epoch), last_step}
    return sorted(end for end in ends if end > step)
