"""Two views of each picture by torchvision's transforms in worker processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from lightly.transforms import SimCLRTransform
from PIL import Image
from torch.utils.data import DataLoader, Dataset, Sampler

from experiments.benchmarks.pictures import random_pictures
from experiments.benchmarks.threads import thread_count

# The settings of our recipes of these names.
RECIPES = {
    "simclr-cifar": {
        "min_scale": 0.2,
        "cj_strength": 0.5,
        "cj_bright": 0.8,
        "cj_contrast": 0.8,
        "cj_sat": 0.8,
        "cj_hue": 0.2,
        "gaussian_blur": 0.0,
    },
    "simclr-imagenet": {"min_scale": 0.08, "cj_strength": 1.0, "gaussian_blur": 0.5},
}


class DecodedPictures(Dataset):
    """Decoded pictures, each given as its two views.

    Args:
        images: uint8 `[n, size, size, 3]`.
        recipe: name in `RECIPES`.
        view_size: height and width of the views in pixels.
    """

    def __init__(self, images: np.ndarray, recipe: str, view_size: int) -> None:
        self.images = images
        self.transform = SimCLRTransform(input_size=view_size, **RECIPES[recipe])

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, row: int) -> list[torch.Tensor]:
        return self.transform(Image.fromarray(self.images[row]))


class SomeRows(Sampler):
    """Random rows, as many as `count` says when the loader begins.

    Args:
        rows: of the data set.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[int]:
        return iter(np.random.default_rng(0).integers(0, self.rows, self.count).tolist())

    def __len__(self) -> int:
        return self.count


def build_loader(
    images: np.ndarray, recipe: str, batch_size: int, view_size: int | None = None
) -> Callable[[int], Iterator[list[torch.Tensor]]]:
    """Returns a function from a number of batches to an iterator of that many.

    As many processes as the benchmark has threads live on between the iterators, and between two
    of them they sleep. Views have the size of the pictures unless `view_size` is given.
    """
    sampler = SomeRows(len(images))
    loader = DataLoader(
        DecodedPictures(images, recipe, view_size or images.shape[1]),
        batch_size=batch_size,
        sampler=sampler,
        num_workers=thread_count(),
        persistent_workers=True,
        drop_last=True,
    )

    def batches(count: int) -> Iterator[list[torch.Tensor]]:
        sampler.count = count * batch_size
        return iter(loader)

    return batches


def two_views(recipe: str, image_size: int, batch_size: int) -> Callable[[int], float]:
    """Returns a task that gives pictures a second, two views of each."""
    batches = build_loader(random_pictures(256, image_size), recipe, batch_size)

    return lambda count: batch_size / seconds_a_batch(batches, count, lambda views: None)


def batches_ahead() -> int:
    """Returns how many batches the processes of a loader prepare ahead, two each."""
    return 2 * thread_count()


def seconds_a_batch(
    batches: Callable[[int], Iterator[list[torch.Tensor]]],
    rounds: int,
    work: Callable[[list[torch.Tensor]], object],
) -> float:
    """Returns the seconds that a batch takes in the middle of a longer run.

    At its beginning the processes have nothing ready, and towards its end nothing left to do:
    neither is what a long training sees.

    Args:
        batches: see `build_loader`.
        rounds: how many times as many batches are timed as the processes prepare ahead.
        work: done with each batch.
    """
    ahead = batches_ahead()
    views = batches((rounds + 2) * ahead)
    for _ in range(ahead):
        work(next(views))
    begin = time.perf_counter()
    for _ in range(rounds * ahead):
        work(next(views))
    seconds = time.perf_counter() - begin
    # Left to themselves, the processes would still be at it in another's turn.
    for _ in views:
        continue
    return seconds / (rounds * ahead)
