"""As many epochs as fit into a time limit, measured once and then fixed."""

from __future__ import annotations

import os
import pathlib
import time
from collections.abc import Callable

import keras
import tensorflow as tf

from simclr_tf.distribution.workers import largest_of_workers
from simclr_tf.files import read_json

# Left for validation, checkpoints and the difference between a short and a long measurement.
_USED_SHARE = 0.92
# So many batches are enough to measure with.
MEASURED_STEPS = 16


def epochs_within(
    minutes: float,
    plan_file: pathlib.Path,
    steps_per_epoch: int,
    prepare: Callable[[], tuple[keras.Model, tf.data.Dataset]],
) -> tuple[int, int]:
    """Returns `(epochs, steps_per_epoch)` that take about `minutes` on this machine.

    A resumed run keeps the plan it began with, so that its learning rates stay the same.

    Args:
        minutes: time limit, greater than 0.
        plan_file: plan.json of the run, if it began before.
        steps_per_epoch: of whole epochs; fewer where not even one epoch fits.
        prepare: gives a compiled model and a few batches to measure with, shared out where there
            are several replicas; the slowest worker decides.

    Raises:
        ValueError: if plan.json is damaged.
    """
    if plan_file.is_file():
        plan = read_json(plan_file, dict)
        length = plan.get("epochs"), plan.get("steps_per_epoch")
        if not all(type(number) is int and number > 0 for number in length):
            raise ValueError(
                f"{os.fspath(plan_file)!r} must hold whole numbers `epochs` and `steps_per_epoch`. "
                f"Received: {length}"
            )
        return length
    seconds = _seconds_a_step(*prepare())
    steps = max(1, int(minutes * 60 * _USED_SHARE / seconds))
    if steps < steps_per_epoch:
        return 1, steps
    return steps // steps_per_epoch, steps_per_epoch


def _seconds_a_step(model: keras.Model, batches: tf.data.Dataset) -> float:
    """Times training steps and takes back what they changed."""
    # Keras's LossScaleOptimizer makes its variables anew whenever it is built.
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    before = [variable.numpy() for variable in variables]
    times = _times(model, batches)
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)
    # The first steps trace and warm up.
    settled = sorted(times[len(times) // 2 :])
    microseconds = round(settled[len(settled) // 2] * 1e6)
    return largest_of_workers(max(1, microseconds)) / 1e6


def _times(model: keras.Model, batches: tf.data.Dataset) -> list[float]:
    times = []
    if isinstance(batches, tf.data.Dataset):
        for images, labels in batches:
            begin = time.perf_counter()
            model.train_on_batch(images, labels)
            times.append(time.perf_counter() - begin)
        return times
    model.make_train_function()
    iterator = iter(batches)
    for _ in range(MEASURED_STEPS):
        begin = time.perf_counter()
        model.train_function(iterator)
        times.append(time.perf_counter() - begin)
    return times
