"""Two views of each picture."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from experiments.benchmarks.keras_timing import time_batches
from experiments.benchmarks.pictures import random_pictures
from simclr_tf.augment import build_augmenter


def two_views(recipe: str, image_size: int, batch_size: int) -> Callable[[int], float]:
    """Returns a task that gives pictures a second, two views of each."""
    augmenter = build_augmenter(recipe, image_size, seed=0)
    augmenter.build((None, image_size, image_size, 3))
    two_views = tf.function(augmenter.two_views, autograph=False)
    return time_batches(two_views, random_pictures(batch_size, image_size))
