"""Hours of training with checkpoints and evaluation: what of memory and files it holds on to."""

from __future__ import annotations

import os
import pathlib
import time
from typing import Any

import keras
import numpy as np

from experiments.endurance.settings import EnduranceSettings
from experiments.endurance.tiny_runs import make_model, make_pictures, train_model
from simclr_tf.evaluation import FeatureExtractor
from simclr_tf.metrics import evaluate_retrieval
from simclr_tf.runs import RunFolder
from simclr_tf.training import TrainingPlan

# More epochs than fit into any time that is asked for.
_PLAN = TrainingPlan(60, 1_000_000, 16, "val_top_1", "max", checkpoint_every_steps=10)
# Traces, caches and pools fill at the begin.
_WARM_UP = 0.25
_SAMPLES = 500


class Watch(keras.callbacks.Callback):
    """Notes memory and open files at the end of epochs, and ends the training after a time.

    Args:
        seconds: of the whole training.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.begin = time.monotonic()
        self.samples: list[dict[str, float]] = []

    def on_epoch_end(self, epoch, logs=None):
        passed = time.monotonic() - self.begin
        if not self.samples or passed - self.samples[-1]["seconds"] >= self.seconds / _SAMPLES:
            self.samples.append({"seconds": round(passed, 2), "epoch": epoch + 1, **held()})
        if passed >= self.seconds:
            self.model.stop_training = True


def endure_work(folder: pathlib.Path, settings: EnduranceSettings) -> dict[str, Any]:
    """Trains a tiny network for `settings.minutes`, with a checkpoint every ten steps.

    Every epoch ends with validation, retrieval on features, a row and another checkpoint.

    Args:
        folder: empty folder for the run.
        settings: how long.

    Returns:
        Growth of the memory after the first quarter, as a fraction, the largest and smallest number
        of open files and of threads from then on, and the samples.
    """
    model = make_model(10_000, run_eagerly=False)
    pictures = make_pictures(96, 3)
    extract = FeatureExtractor(model.encoder)

    def measure() -> dict[str, float]:
        report = evaluate_retrieval(extract(pictures.images), pictures.labels, ks=(1,)).micro()
        return {"val_top_1": report["top_1"]}

    watch = Watch(settings.minutes * 60)
    with RunFolder.create(folder, {}) as run:
        train_model(model, _PLAN, run, callbacks=[watch], measure=measure)
    return {**summary(watch.samples), "samples": watch.samples}


def held() -> dict[str, float]:
    """Returns what this process holds: megabytes of memory, open files, threads."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return {
        "megabytes": round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 2),
        "open_files": len(os.listdir("/proc/self/fd")),
        "threads": len(os.listdir("/proc/self/task")),
    }


def summary(samples: list[dict[str, float]]) -> dict[str, Any]:
    """Returns how far memory, open files and threads changed after the first quarter.

    Memory goes up and down by the checkpoint that is being written, so that medians are compared:
    of the first and the last fifth of what is left.
    """
    settled = [s for s in samples if s["seconds"] >= _WARM_UP * samples[-1]["seconds"]]
    fifth = max(1, len(settled) // 5)
    first, last = (
        float(np.median([sample["megabytes"] for sample in part]))
        for part in (settled[:fifth], settled[-fifth:])
    )
    result: dict[str, Any] = {
        "seconds": samples[-1]["seconds"],
        "epochs": samples[-1]["epoch"],
        "megabytes_first": first,
        "megabytes_last": last,
        "memory_growth": round(last / first - 1, 5),
    }
    for name in ("open_files", "threads"):
        values = [sample[name] for sample in settled]
        result[name] = {"least": min(values), "most": max(values)}
    return result
