"""lightly's NT-Xent and its gradient."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from lightly.loss import NTXentLoss

from experiments.benchmarks.memory import peak_above_now
from experiments.benchmarks.pictures import random_projections

TEMPERATURE = 0.1
_FEW_PAIRS = 16


def seconds(pairs: int, size: int) -> Callable[[int], float]:
    """Returns a task that gives the seconds of a loss and its gradient."""
    compute = _loss_and_gradient(pairs, size)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            compute()
        return (time.perf_counter() - begin) / count

    return run


def peak_memory(pairs: int, size: int) -> Callable[[int], float]:
    """Returns a task that gives the MiB that a loss and its gradient take above the inputs."""
    # What a first call loads whatever its size is no cost of the batch.
    _loss_and_gradient(_FEW_PAIRS, size)()
    compute = _loss_and_gradient(pairs, size)
    return lambda count: peak_above_now(compute)


def _loss_and_gradient(pairs: int, size: int) -> Callable[[], float]:
    z_a, z_b = (torch.from_numpy(z).requires_grad_() for z in random_projections(pairs, size))
    criterion = NTXentLoss(temperature=TEMPERATURE)

    def compute() -> float:
        z_a.grad = z_b.grad = None
        loss = criterion(z_a, z_b)
        loss.backward()
        return loss.item()

    return compute
