"""Features of a frozen encoder."""

from __future__ import annotations

import time
from collections.abc import Callable

from experiments.benchmarks.pictures import random_pictures
from simclr_tf.encoders import build_encoder
from simclr_tf.evaluation import FeatureExtractor


def embed(encoder: str, width: float, image_size: int, batch_size: int) -> Callable[[int], float]:
    """Returns a task that gives pictures a second."""
    network = build_encoder(encoder, image_size=image_size, width=width, mixed_precision="bfloat16")
    extract = FeatureExtractor(network, batch_size, frozen=True)
    batch = random_pictures(batch_size, image_size)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            extract(batch)
        return len(batch) * count / (time.perf_counter() - begin)

    return run
