"""Steps with and without gradient caching, augmentation included."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from experiments.benchmarks.keras_timing import time_steps
from experiments.benchmarks.memory import peak_above_now
from experiments.benchmarks.ours.training import build_model
from experiments.benchmarks.pictures import random_pictures

_FEW_PICTURES = 8


def step(
    encoder: str, width: float, image_size: int, batch_size: int, microbatch_size: int
) -> Callable[[int], float]:
    """Returns a task that trains and gives views a second; `microbatch_size` 0 caches nothing."""
    model = build_model(encoder, width, image_size, microbatch_size=microbatch_size)
    return time_steps(model, random_pictures(batch_size, image_size))


def peak_memory(
    encoder: str, width: float, image_size: int, batch_size: int, microbatch_size: int
) -> Callable[[int], float]:
    """Returns a task that gives the MiB that a step takes above the model and its pictures."""
    # What a first step of its kind loads whatever its size is no cost of the batch.
    few_at_once = _FEW_PICTURES // 2 if microbatch_size else 0
    few = build_model(encoder, width, image_size, microbatch_size=few_at_once)
    _traced_step(few, random_pictures(_FEW_PICTURES, image_size))()
    model = build_model(encoder, width, image_size, microbatch_size=microbatch_size)
    train = _traced_step(model, random_pictures(batch_size, image_size))
    return lambda count: peak_above_now(train)


def _traced_step(model: keras.Model, pictures: np.ndarray) -> Callable[[], float]:
    batch = (tf.constant(pictures),)
    train = tf.function(model.train_step, autograph=False).get_concrete_function(batch)
    return lambda: float(train(batch)["loss"])
