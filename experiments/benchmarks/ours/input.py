"""Pictures from files, and what more of them cost."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable

import keras

from experiments.benchmarks.memory import own_memory
from experiments.benchmarks.ours.training import build_model, picture_set
from experiments.benchmarks.pictures import pictures_on_disk
from simclr_tf.data import load_pictures, training_batches


def decode(data_dir: str, image_size: int) -> Callable[[int], float]:
    """Returns a task that gives the seconds from a folder to cached, decoded pictures."""

    def run(count: int) -> float:
        with tempfile.TemporaryDirectory() as cache_dir:
            begin = time.perf_counter()
            load_pictures(data_dir, image_size=image_size, cache_dir=cache_dir)
            return time.perf_counter() - begin

    return run


def epoch_ratio(
    encoder: str, width: float, image_size: int, batch_size: int, pictures: int
) -> Callable[[int], float]:
    """Returns a task that gives how much longer an epoch takes with ten times the pictures.

    The pictures lie in shards on the disk, as where they outgrow the memory.
    """
    epoch = _epochs(encoder, width, image_size, batch_size, 10 * pictures)
    # A whole small epoch, so that the pools and the pages are warm.
    epoch(pictures)

    def run(count: int) -> float:
        return epoch(10 * pictures)[0] / epoch(pictures)[0]

    return run


def memory_growth(
    encoder: str, width: float, image_size: int, batch_size: int, pictures: int
) -> Callable[[int], float]:
    """Returns a task that gives the MiB that ten times the pictures take in memory."""
    epoch = _epochs(encoder, width, image_size, batch_size, 10 * pictures)
    # The allocators have their fill after two epochs.
    epoch(pictures)
    before = epoch(pictures)[1]
    return lambda count: epoch(10 * pictures)[1] - before


def _epochs(
    encoder: str, width: float, image_size: int, batch_size: int, most: int
) -> Callable[[int], tuple[float, float]]:
    """Returns a function from a number of pictures to seconds and MiB of an epoch of them."""
    model = build_model(encoder, width, image_size)
    images = pictures_on_disk(most, image_size)

    def epoch(pictures: int) -> tuple[float, float]:
        steps = pictures // batch_size
        few = picture_set(images[:pictures])
        batches = training_batches(few, batch_size, seed=0, num_steps=steps)
        peak = PeakMemory()
        begin = time.perf_counter()
        model.fit(batches, steps_per_epoch=steps, callbacks=[peak], shuffle=False, verbose=0)
        return time.perf_counter() - begin, peak.mebibytes

    return epoch


class PeakMemory(keras.callbacks.Callback):
    """The largest memory seen at the end of a step."""

    def __init__(self) -> None:
        super().__init__()
        self.mebibytes = 0.0

    def on_train_batch_end(self, batch, logs=None):
        self.mebibytes = max(self.mebibytes, own_memory())
