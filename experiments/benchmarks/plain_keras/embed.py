"""Features of a frozen network by Keras's `predict_on_batch`."""

from __future__ import annotations

import time
from collections.abc import Callable

from experiments.benchmarks.pictures import random_pictures
from experiments.benchmarks.plain_keras.training import stock_encoder


def embed(encoder: str, width: float, image_size: int, batch_size: int) -> Callable[[int], float]:
    """Returns a task that gives pictures a second."""
    network = stock_encoder(encoder, width, image_size)
    batch = random_pictures(batch_size, image_size)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            network.predict_on_batch(batch)
        return len(batch) * count / (time.perf_counter() - begin)

    return run
