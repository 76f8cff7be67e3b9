"""NT-Xent and its gradient."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from experiments.benchmarks.memory import peak_above_now
from experiments.benchmarks.nt_xent_reference import largest_error
from experiments.benchmarks.pictures import random_projections
from simclr_tf.losses import nt_xent

TEMPERATURE = 0.1
_FEW_PAIRS = 16


def seconds(pairs: int, size: int, block_size: int = 0) -> Callable[[int], float]:
    """Returns a task that gives the seconds of a loss and its gradient; 0 takes its default."""
    compute, z_a, z_b = _loss_and_gradient(pairs, size, block_size)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            loss, _ = compute(z_a, z_b)
            float(loss)
        return (time.perf_counter() - begin) / count

    return run


def peak_memory(pairs: int, size: int, block_size: int = 0) -> Callable[[int], float]:
    """Returns a task that gives the MiB that a loss and its gradient take above the inputs."""
    # What a first call loads whatever its size is no cost of the batch.
    few, few_a, few_b = _loss_and_gradient(_FEW_PAIRS, size, block_size)
    few(few_a, few_b)
    compute, z_a, z_b = _loss_and_gradient(pairs, size, block_size)
    return lambda count: peak_above_now(lambda: float(compute(z_a, z_b)[0]))


def error(pairs: int, size: int) -> Callable[[int], float]:
    """Returns a task that gives the largest relative error of the loss and of sampled gradients."""
    compute, z_a, z_b = _loss_and_gradient(pairs, size)

    def run(count: int) -> float:
        loss, gradients = compute(z_a, z_b)
        return largest_error(
            z_a.numpy(),
            z_b.numpy(),
            TEMPERATURE,
            float(loss),
            np.concatenate([gradient.numpy() for gradient in gradients]),
        )

    return run


def _loss_and_gradient(pairs: int, size: int, block_size: int = 0):
    z_a, z_b = (tf.constant(z) for z in random_projections(pairs, size))

    @functools.partial(tf.function, autograph=False)
    def compute(first: tf.Tensor, second: tf.Tensor):
        with tf.GradientTape() as tape:
            tape.watch([first, second])
            loss = nt_xent(first, second, TEMPERATURE, block_size or None)
        return loss, tape.gradient(loss, [first, second])

    return compute.get_concrete_function(z_a, z_b), z_a, z_b
