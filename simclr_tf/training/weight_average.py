"""An exponential moving average of a model's weights over its training steps."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.checks import check_between

_AVERAGE, _STEPS = "average:", "average_steps"


class WeightAverage(keras.callbacks.Callback):
    """Averages all weights, the statistics of batch normalisation among them.

    After step t, counted from 0: `average = m * average + (1 - m) * weights` with
    `m = min(momentum, (1 + t) / (10 + t))`, so that the weights of the start are soon forgotten.
    The model trains on with its own weights; `in_place` and Keras's validation see the average.

    Keras's `use_ema` is not used: at the end of every `fit` it puts the average in place for good,
    so that a run resumed within an epoch would go on with other weights than one that was not
    stopped; and it leaves the statistics of batch normalisation as they are.

    Args:
        model: built model.
        momentum: 0..1; the average reaches back over about `1 / (1 - momentum)` steps.

    Raises:
        ValueError: if the momentum is not in 0..1.

    Reference:
        Polyak & Juditsky 1992; the momentum of the first steps is that of
        `tf.train.ExponentialMovingAverage` with `num_updates`.
    """

    def __init__(self, model: keras.Model, momentum: float) -> None:
        super().__init__()
        check_between("weight_averaging", momentum, 0, 1)
        self.momentum = momentum
        # Counters of whole numbers have no average.
        self.weights = [v.value for v in model.weights if str(v.dtype).startswith("float")]
        self.averages = [tf.Variable(weight, trainable=False) for weight in self.weights]
        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._add = tf.function(self._add_weights, autograph=False)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Gives the model the average for a while."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def on_train_batch_end(self, batch, logs=None):
        self._add()

    def on_test_begin(self, logs=None):
        self._swap()

    def on_test_end(self, logs=None):
        self._swap()

    def state(self) -> dict[str, np.ndarray]:
        """Returns what a checkpoint must hold."""
        averages = {f"{_AVERAGE}{n:05d}": a.numpy() for n, a in enumerate(self.averages)}
        return {_STEPS: self.steps.numpy(), **averages}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what `state` returned before a stop."""
        self.steps.assign(state[_STEPS])
        names = sorted(name for name in state if name.startswith(_AVERAGE))
        for average, name in zip(self.averages, names, strict=True):
            average.assign(state[name])

    def _add_weights(self) -> None:
        step = tf.cast(self.steps, tf.float32)
        momentum = tf.minimum(self.momentum, (1.0 + step) / (10.0 + step))
        for average, weight in zip(self.averages, self.weights, strict=True):
            share = tf.cast(momentum, average.dtype)
            average.assign(share * average + (1.0 - share) * weight)
        self.steps.assign_add(1)

    def _swap(self) -> None:
        for average, weight in zip(self.averages, self.weights, strict=True):
            held = weight.numpy()
            weight.assign(average)
            average.assign(held)
