"""Pretraining for so many minutes, and the features that it gives."""

from __future__ import annotations

import pathlib
import tempfile
import time
from collections.abc import Callable

import numpy as np

from experiments.benchmarks.ours.training import picture_set
from experiments.benchmarks.pictures import SPLITS
from simclr_tf.data import PictureSplits
from simclr_tf.evaluation import FeatureExtractor
from simclr_tf.protocols import PretrainSettings, pretrain
from simclr_tf.runs import RunFolder


def train(
    folder: str,
    output: str,
    minutes: float,
    encoder: str,
    width: float,
    batch_size: int,
    seed: int,
    view_size: int,
) -> Callable[[int], float]:
    """Returns a task that trains, writes the features of all splits and gives the seconds.

    Args:
        folder: holds train.npy, validation.npy and test.npy, uint8 `[n, size, size, 3]`.
        output: folder for float32 `[n, d]` under the same names.
        minutes: that training may take.
        encoder: as in `PretrainSettings`, as the next three.
        width: multiplier of the channels.
        batch_size: pictures a step.
        seed: of everything random.
        view_size: height and width of the views in pixels.
    """
    pictures = {
        split: np.load(pathlib.Path(folder, f"{split}.npy"), allow_pickle=False) for split in SPLITS
    }
    splits = PictureSplits(
        **{split: picture_set(images) for split, images in pictures.items()},
        name="pictures",
        fingerprint="",
        skipped=(),
        warnings=(),
    )
    settings = PretrainSettings(
        encoder=encoder,
        width=width,
        batch_size=batch_size,
        seed=seed,
        view_size=view_size,
        max_minutes=minutes,
        online_probe=False,
        tensorboard=False,
    )

    def run(count: int) -> float:
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory() as run_dir, RunFolder.create(run_dir, {}) as opened:
            network = pretrain(splits, settings, opened)
        seconds = time.perf_counter() - begin
        extract = FeatureExtractor(network)
        pathlib.Path(output).mkdir()
        for split, images in pictures.items():
            np.save(pathlib.Path(output, f"{split}.npy"), extract(images))
        return seconds

    return run
