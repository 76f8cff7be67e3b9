"""Training for so many minutes, and the features that it gives."""

from __future__ import annotations

import math
import pathlib
import time
from collections.abc import Callable

import numpy as np
import torch

from experiments.benchmarks.pictures import SPLITS
from experiments.benchmarks.pytorch.training import Trainer
from experiments.benchmarks.pytorch.views import build_loader

# As ours.
_WARMUP_SHARE = 0.05
# As ours too, which leaves the rest to validation and checkpoints.
_USED_SHARE = 0.92
_MEASURED_STEPS = 16


def train(
    folder: str,
    output: str,
    minutes: float,
    encoder: str,
    width: float,
    batch_size: int,
    seed: int,
    view_size: int,
    recipe: str,
    learning_rate: float,
    temperature: float,
    tuned: bool,
) -> Callable[[int], float]:
    """Returns a task that trains, writes the features of all splits and gives the seconds.

    The arguments up to `view_size` are those of our own task; for `recipe` see `DecodedPictures`,
    for the others `Trainer`.
    """
    pictures = {
        split: np.load(pathlib.Path(folder, f"{split}.npy"), allow_pickle=False) for split in SPLITS
    }
    image_size = pictures["train"].shape[1]

    def build() -> Trainer:
        torch.manual_seed(seed)
        return Trainer(encoder, width, image_size, tuned, learning_rate, temperature)

    def run(count: int) -> float:
        batches = build_loader(pictures["train"], recipe, batch_size, view_size)
        steps = max(1, int(minutes * 60 * _USED_SHARE / _seconds_a_step(build(), batches)))
        trainer = build()
        begin = time.perf_counter()
        for number, views in enumerate(batches(steps)):
            for group in trainer.optimizer.param_groups:
                group["lr"] = learning_rate * _warmup_cosine(number / steps)
            trainer.step(*views)
        seconds = time.perf_counter() - begin
        pathlib.Path(output).mkdir()
        for split, images in pictures.items():
            np.save(pathlib.Path(output, f"{split}.npy"), _features(trainer, images))
        return seconds

    return run


def _seconds_a_step(trainer: Trainer, batches) -> float:
    times = []
    begin = time.perf_counter()
    for views in batches(_MEASURED_STEPS):
        trainer.step(*views).item()
        times.append(time.perf_counter() - begin)
        begin = time.perf_counter()
    return sorted(times[_MEASURED_STEPS // 2 :])[_MEASURED_STEPS // 4]


def _warmup_cosine(progress: float) -> float:
    if progress < _WARMUP_SHARE:
        return progress / _WARMUP_SHARE
    return 0.5 * (1 + math.cos(math.pi * (progress - _WARMUP_SHARE) / (1 - _WARMUP_SHARE)))


@torch.inference_mode()
def _features(trainer: Trainer, images: np.ndarray) -> np.ndarray:
    trainer.model.eval()
    # What SimCLRTransform subtracts and divides by.
    mean = torch.tensor((0.485, 0.456, 0.406)).view(3, 1, 1)
    deviation = torch.tensor((0.229, 0.224, 0.225)).view(3, 1, 1)
    features = []
    for start in range(0, len(images), 512):
        batch = torch.from_numpy(images[start : start + 512]).permute(0, 3, 1, 2).float()
        scaled = ((batch / 255 - mean) / deviation).to(trainer.device)
        features.append(trainer.model.backbone(scaled).float().cpu().numpy())
    return np.concatenate(features)
