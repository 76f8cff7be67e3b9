"""Fine-tuning with very many classes of a few pictures each."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from experiments.benchmarks.ours.input import PeakMemory
from experiments.benchmarks.ours.training import build_sup_con
from simclr_tf.data import PictureSet, class_batches
from simclr_tf.data.symbols import render_symbol, symbol_classes
from simclr_tf.data.symbols.classes import MAX_CLASSES

# What a process gains or loses by chance.
_RESOLUTION = 0.1


def start(
    image_size: int, batch_size: int, classes: int, pictures_per_class: int
) -> Callable[[int], float]:
    """Returns a task that gives the seconds from pictures with labels to the first batch."""
    images = np.zeros((classes * pictures_per_class, image_size, image_size, 3), np.uint8)
    pictures = _labelled(images, pictures_per_class)

    def run(count: int) -> float:
        begin = time.perf_counter()
        next(iter(class_batches(pictures, *_shape(pictures, batch_size), seed=0, num_steps=1)))
        return time.perf_counter() - begin

    return run


def rate(
    encoder: str,
    width: float,
    image_size: int,
    batch_size: int,
    classes: int,
    pictures_per_class: int,
) -> Callable[[int], float]:
    """Returns a task that gives pictures a second of an epoch of SupCon, from pictures on."""
    epoch = _epochs(encoder, width, image_size, batch_size, classes, pictures_per_class)
    # The first steps trace.
    epoch(2)
    return lambda count: epoch(None)[0]


def memory_growth(
    encoder: str,
    width: float,
    image_size: int,
    batch_size: int,
    classes: int,
    pictures_per_class: int,
) -> Callable[[int], float]:
    """Returns a task that gives the MiB by which a second epoch grows beyond the first."""
    epoch = _epochs(encoder, width, image_size, batch_size, classes, pictures_per_class)
    before = epoch(None)[1]
    return lambda count: max(epoch(None)[1] - before, _RESOLUTION)


def draw_classes(classes: int, pictures_per_class: int, image_size: int) -> PictureSet:
    """Returns pictures of symbols, one class after the other.

    Beyond the data set's 2,000 classes each symbol makes up to eight, turned and mirrored.
    """
    symbols = symbol_classes(min(classes, MAX_CLASSES))
    images = np.empty((classes, pictures_per_class, image_size, image_size, 3), np.uint8)
    for symbol, symbol_class in enumerate(symbols):
        drawn = np.stack(
            [
                render_symbol(symbol_class, image_size, np.random.default_rng([symbol, number]))
                for number in range(pictures_per_class)
            ]
        )
        for position, label in enumerate(range(symbol, classes, len(symbols))):
            turned = np.rot90(drawn, position % 4, axes=(1, 2))
            images[label] = turned[:, :, ::-1] if position >= 4 else turned
    return _labelled(images.reshape(-1, *images.shape[2:]), pictures_per_class)


def _labelled(images: np.ndarray, pictures_per_class: int) -> PictureSet:
    labels = np.arange(len(images), dtype=np.int32) // pictures_per_class
    names = tuple(f"class {label:05d}" for label in range(labels[-1] + 1))
    ids = tuple(str(row) for row in range(len(images)))
    return PictureSet(images, labels, ids, names)


def _shape(pictures: PictureSet, batch_size: int) -> tuple[int, int]:
    """Returns P and K of a batch."""
    classes = len(pictures.class_names)
    pictures_per_class = len(pictures) // classes
    return min(classes, batch_size // pictures_per_class), pictures_per_class


def _epochs(
    encoder: str,
    width: float,
    image_size: int,
    batch_size: int,
    classes: int,
    pictures_per_class: int,
) -> Callable[[int | None], tuple[float, float]]:
    """Returns a function that trains so many steps or a round of all classes.

    It gives pictures a second, and the MiB of the process at most.
    """
    model = build_sup_con(encoder, width, image_size)
    pictures = draw_classes(classes, pictures_per_class, image_size)
    shape = _shape(pictures, batch_size)

    def epoch(steps: int | None) -> tuple[float, float]:
        steps = steps or classes // shape[0]
        peak = PeakMemory()
        begin = time.perf_counter()
        batches = class_batches(pictures, *shape, seed=0, num_steps=steps)
        model.fit(batches, steps_per_epoch=steps, callbacks=[peak], shuffle=False, verbose=0)
        seconds = time.perf_counter() - begin
        return steps * shape[0] * shape[1] / seconds, peak.mebibytes

    return epoch
