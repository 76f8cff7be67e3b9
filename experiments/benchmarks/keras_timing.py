"""Timing of Keras models, for ours and for plain Keras alike."""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf


def time_steps(
    model: keras.Model, views: np.ndarray, labels: np.ndarray | None = None
) -> Callable[[int], float]:
    """Returns a task that trains on one batch over and over and gives views a second.

    Args:
        model: compiled; its step takes one batch and handles `2 * len(views)` views.
        views: what the step is given each time.
        labels: int32, one a view, given with them; `None` for none.
    """
    model.make_train_function()
    batch = views if labels is None else (views, labels)
    batches = iter(tf.data.Dataset.from_tensors(batch).repeat())

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            logs = model.train_function(batches)
        float(logs["loss"])
        return 2 * len(views) * count / (time.perf_counter() - begin)

    return run


def time_batches(
    work: Callable[[tf.Tensor], tf.Tensor], pictures: np.ndarray
) -> Callable[[int], float]:
    """Returns a task that applies `work` to the same batch and gives pictures a second."""
    batch = tf.constant(pictures)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            result = work(batch)
        # A device other than the CPU may still be at it.
        float(tf.reduce_sum(result[:1]))
        return len(pictures) * count / (time.perf_counter() - begin)

    return run


def time_fit(
    model: keras.Model, batches: Callable[[int], tf.data.Dataset], batch_size: int
) -> Callable[[int], float]:
    """Returns a task that calls `fit` for `count` steps and gives pictures a second."""

    def run(count: int) -> float:
        begin = time.perf_counter()
        model.fit(batches(count), epochs=1, steps_per_epoch=count, shuffle=False, verbose=0)
        return batch_size * count / (time.perf_counter() - begin)

    return run
