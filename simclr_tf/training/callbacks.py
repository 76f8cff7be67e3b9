"""What happens beside the training steps: records, checkpoints, a stop in good order."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from simclr_tf.checks import check_one_of
from simclr_tf.distribution.workers import largest_of_workers
from simclr_tf.runs import RunFolder
from simclr_tf.training.checkpoints import Checkpoints
from simclr_tf.training.weight_average import WeightAverage


class EpochMeasurement(keras.callbacks.Callback):
    """Adds figures to the log of every epoch, for the callbacks after it.

    Args:
        measure: called at the end of every epoch; figures by name.
        average: is in the place of the weights meanwhile; `None` for the weights themselves.
    """

    def __init__(
        self, measure: Callable[[], Mapping[str, float]], average: WeightAverage | None = None
    ) -> None:
        super().__init__()
        self.measure = measure
        self.average = average

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            with _in_place(self.average):
                logs.update(self.measure())


class EpochRecorder(keras.callbacks.Callback):
    """Writes one row an epoch to metrics.csv and remembers the weights of the best one.

    Args:
        run: run folder to write into.
        kept: model whose weights are remembered.
        batch_size: pictures a step, for the throughput.
        monitor: column that decides which epoch was best.
        mode: `"min"` or `"max"`: whether less or more of it is better.
        average: what is remembered in place of the weights; `None` for the weights themselves.
    """

    def __init__(
        self,
        run: RunFolder,
        kept: keras.Model,
        batch_size: int,
        monitor: str,
        mode: str,
        average: WeightAverage | None = None,
    ) -> None:
        super().__init__()
        self.run = run
        self.kept = kept
        self.batch_size = batch_size
        self.monitor = monitor
        self.sign = 1 if mode == "min" else -1
        self.average = average
        self.best = math.inf
        self.best_epoch = 0
        self.best_weights: list[np.ndarray] = []
        self._begin = 0.0
        self._steps = 0

    def on_epoch_begin(self, epoch, logs=None):
        self._begin, self._steps = time.perf_counter(), 0

    def on_train_batch_end(self, batch, logs=None):
        self._steps += 1

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self._begin
        logs = {name: float(value) for name, value in (logs or {}).items()}
        check_one_of("monitor", self.monitor, logs)
        row = {
            "epoch": epoch + 1,
            **logs,
            "learning_rate": float(self.model.optimizer.learning_rate),
            "epoch_seconds": round(seconds, 3),
            "images_per_second": round(self._steps * self.batch_size / seconds, 1),
        }
        self.run.append_metrics(row)
        value = self.sign * logs[self.monitor]
        if value < self.best:
            self.best = value
            self.best_epoch = epoch + 1
            with _in_place(self.average):
                self.best_weights = self.kept.get_weights()

    def state(self) -> dict[str, np.ndarray]:
        """Returns what a checkpoint must hold of the best epoch."""
        weights = {f"best_weights:{n:05d}": array for n, array in enumerate(self.best_weights)}
        best = {"best": np.float64(self.best), "best_epoch": np.int64(self.best_epoch)}
        return {**best, **weights}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what `state` returned before a stop."""
        self.best = float(state["best"])
        self.best_epoch = int(state["best_epoch"])
        names = sorted(name for name in state if name.startswith("best_weights:"))
        self.best_weights = [state[name] for name in names]


class CheckpointSaver(keras.callbacks.Callback):
    """Saves checkpoints by steps, minutes and epochs, and stops on a signal in good order.

    SIGINT (Ctrl-C) and SIGTERM are noted and obeyed after the step in progress, or after the
    validation if it was the last of its epoch: a checkpoint is written, then `KeyboardInterrupt`
    or `SystemExit(143)` is raised. A second signal stops at once. Several workers stop together.

    Args:
        checkpoints: where to save.
        state: gives what is saved with them, such as the best epoch.
        first_step: steps taken before this training.
        every_steps: also save within an epoch every so many steps; 0 does not.
        every_minutes: also save within an epoch so many minutes after the last time; 0 does not.
        best_step: gives the steps after which the best checkpoint was saved, which is kept.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        state: Callable[[], dict[str, np.ndarray]],
        first_step: int,
        every_steps: int,
        every_minutes: float = 0.0,
        best_step: Callable[[], int | None] = lambda: None,
    ) -> None:
        super().__init__()
        self.checkpoints = checkpoints
        self.state = state
        self.step = first_step
        self.every_steps = every_steps
        self.every_minutes = every_minutes
        self.best_step = best_step
        self._saved_at = time.monotonic()
        self._signal: int | None = None
        self._previous: dict[int, Any] = {}

    def on_train_begin(self, logs=None):
        if threading.current_thread() is not threading.main_thread():
            return  # Python gives signals to the main thread alone.
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._note)

    def on_train_end(self, logs=None):
        self.release_signals()

    def on_epoch_begin(self, epoch, logs=None):
        self.stop_if_asked()

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if batch + 1 == self.params["steps"]:
            # A checkpoint from here would lack the epoch's validation, row and best weights.
            return
        stop = self._asked() > 0
        if stop or self._is_due():
            self.save()
        if stop:
            self.stop_if_asked()

    def on_epoch_end(self, epoch, logs=None):
        self.save()

    def stop_if_asked(self) -> None:
        """Raises what a noted signal asks for; the state was saved before."""
        asked = self._asked()
        if asked == signal.SIGINT:
            raise KeyboardInterrupt
        if asked:
            raise SystemExit(128 + asked)

    def release_signals(self) -> None:
        """Gives the signals back to whom they belonged."""
        while self._previous:
            signal.signal(*self._previous.popitem())

    def save(self) -> None:
        """Writes a checkpoint of the state as it is."""
        self.checkpoints.save(self.step, self.state(), self.best_step())
        self._saved_at = time.monotonic()

    def _is_due(self) -> bool:
        if self.every_steps and self.step % self.every_steps == 0:
            return True
        if not self.every_minutes:
            return False
        minutes = (time.monotonic() - self._saved_at) / 60
        # Their clocks differ, and all must save after the same step.
        return largest_of_workers(int(minutes >= self.every_minutes)) > 0

    def _asked(self):
        return largest_of_workers(self._signal or 0)

    def _note(self, number, frame):
        if self._signal is not None:
            raise KeyboardInterrupt
        self._signal = number


class MetricRestorer(keras.callbacks.Callback):
    """Puts running means back after Keras reset them at the begin of a resumed epoch."""

    def on_train_begin(self, logs=None):
        self._values = [
            [variable.numpy() for variable in metric.variables] for metric in self.model.metrics
        ]

    def on_epoch_begin(self, epoch, logs=None):
        for metric, values in zip(self.model.metrics, self._values, strict=True):
            for variable, value in zip(metric.variables, values, strict=True):
                variable.assign(value)


def _in_place(average: WeightAverage | None) -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext() if average is None else average.in_place()
