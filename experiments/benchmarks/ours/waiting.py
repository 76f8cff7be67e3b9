"""How long a step waits for its pictures, and how long it is at work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from experiments.benchmarks.ours.training import build_model, picture_set
from experiments.benchmarks.pictures import pictures_on_disk, random_pictures
from simclr_tf.data import training_batches


class _Seconds(NamedTuple):
    """Of one step on average."""

    waited: float
    worked: float


def share(
    encoder: str, width: float, image_size: int, batch_size: int, on_disk: bool
) -> Callable[[int], float]:
    """Returns a task that gives the percentage of training spent waiting for cached pictures."""
    measure = _steps(encoder, width, image_size, batch_size, on_disk)

    def run(count: int) -> float:
        seconds = measure(count)
        return 100 * seconds.waited / sum(seconds)

    return run


def waited(
    encoder: str, width: float, image_size: int, batch_size: int, on_disk: bool
) -> Callable[[int], float]:
    """Returns a task that gives the seconds that a step waits for its cached pictures."""
    measure = _steps(encoder, width, image_size, batch_size, on_disk)
    return lambda count: measure(count).waited


def worked(
    encoder: str, width: float, image_size: int, batch_size: int, on_disk: bool
) -> Callable[[int], float]:
    """Returns a task that gives the seconds of a step from when it has its pictures."""
    measure = _steps(encoder, width, image_size, batch_size, on_disk)
    return lambda count: measure(count).worked


def _steps(
    encoder: str, width: float, image_size: int, batch_size: int, on_disk: bool
) -> Callable[[int], _Seconds]:
    """Returns a function from a number of steps to the seconds of each.

    Waiting is the time until the iterator gives its next batch; the pipeline prepares batches while
    the step is at work, so this is all that the input costs.
    """
    model = build_model(encoder, width, image_size)
    make = pictures_on_disk if on_disk else random_pictures
    pictures = picture_set(make(64 * batch_size, image_size))
    train = tf.function(model.train_step, autograph=False)

    def measure(count: int) -> _Seconds:
        batches = iter(training_batches(pictures, batch_size, seed=0, num_steps=count + 1))
        # The first batch starts the pipeline, and traces the step if need be.
        float(train(next(batches))["loss"])
        spent = 0.0
        begin = time.perf_counter()
        for _ in range(count):
            asked = time.perf_counter()
            batch = next(batches)
            spent += time.perf_counter() - asked
            float(train(batch)["loss"])
        total = time.perf_counter() - begin
        return _Seconds(spent / count, (total - spent) / count)

    return measure
