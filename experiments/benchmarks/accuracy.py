"""Equal time, equal network: what each contestant's features are worth on a person's pictures."""

from __future__ import annotations

import dataclasses
import pathlib
import tempfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.benchmarks.cases import Case, Contestant
from experiments.benchmarks.contestants import (
    LIGHTLY,
    OUR_SETTING,
    TUNED,
    chosen,
    loader_setting,
    ours,
    torch_peer,
)
from experiments.benchmarks.measure import rows_of
from experiments.benchmarks.pictures import SPLITS
from experiments.benchmarks.settings import BenchmarkSettings
from experiments.benchmarks.worker import Worker, WorkerFailed
from simclr_tf.data.labels import choose_labels
from simclr_tf.protocols import PretrainSettings

if TYPE_CHECKING:
    from simclr_tf.data import PictureSplits

_LABELS = (500, 1000)
_NEIGHBOURS = 200
# Ours must be so much more accurate than a peer, as a fraction.
_MARGIN = 0.04


def measure_accuracy(
    settings: BenchmarkSettings, splits: PictureSplits, start: Callable[[bool], Worker]
) -> list[dict[str, Any]]:
    """Trains each contestant once, for the same minutes, and probes their features alike.

    Args:
        settings: what to measure.
        splits: pictures with labels; training sees none of the labels.
        start: makes a process.

    Returns:
        Rows for the kNN probe and for linear probes with 500, 1,000 and all labels. The target is
        the ratio that is 4 points above the peer.

    Raises:
        ValueError: if our training fails.
    """
    values: dict[str, dict[str, list[float]]] = {}
    failures: dict[str, str] = {}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for split in SPLITS:
            np.save(pathlib.Path(folder, f"{split}.npy"), getattr(splits, split).images)
        size = splits.train.images.shape[1]
        contestants = _contestants(settings, folder, splits.name, size)
        for contestant in contestants:
            try:
                seconds[contestant.name] = _train(contestant, start)
            except WorkerFailed as failure:
                if contestant is contestants[0]:
                    raise ValueError(f"{contestant.name} did not train: {failure}") from failure
                failures[contestant.name] = str(failure)
                continue
            features = {
                split: np.load(
                    pathlib.Path(contestant.arguments["output"], f"{split}.npy"), allow_pickle=False
                )
                for split in SPLITS
            }
            for probe, accuracy in probe_accuracies(features, splits, settings.seed).items():
                values.setdefault(probe, {})[contestant.name] = [accuracy]
    return [
        row
        for probe, accuracies in values.items()
        for row in _rows(f"{_name(settings)}, {probe}", contestants, accuracies, failures, seconds)
    ]


def probe_accuracies(
    features: Mapping[str, np.ndarray], splits: PictureSplits, seed: int
) -> dict[str, float]:
    """Returns the test accuracy of each probe, a fraction, by the probe's name.

    Args:
        features: float32 `[n, d]` of each split.
        splits: their labels.
        seed: of the choice of labels.
    """
    from simclr_tf.evaluation import fit_linear_probe, knn_predict

    labels = {split: getattr(splits, split).labels for split in SPLITS}
    known = labels["train"] >= 0
    train, train_labels = features["train"][known], labels["train"][known]
    neighbours = knn_predict(train, train_labels, features["test"], k=_NEIGHBOURS)
    accuracies = {f"kNN-{_NEIGHBOURS}": float(np.mean(neighbours == labels["test"]))}
    classes = len(np.unique(train_labels))
    budgets = {
        f"probe with {count:,} labels": choose_labels(train_labels, count // classes, None, seed)
        for count in _LABELS
        if count < len(train_labels)
    }
    budgets["probe with all labels"] = np.arange(len(train_labels))
    for name, rows in budgets.items():
        probe = fit_linear_probe(
            train[rows], train_labels[rows], features["validation"], labels["validation"]
        )
        accuracies[name] = float(np.mean(probe.predict(features["test"]) == labels["test"]))
    return accuracies


def _contestants(
    settings: BenchmarkSettings, folder: str, data_name: str, size: int
) -> tuple[Contestant, ...]:
    defaults = PretrainSettings()
    view_size = defaults.size_of_views(data_name, size)
    work = {
        "folder": folder,
        "minutes": settings.accuracy_minutes,
        "encoder": settings.accuracy_encoder,
        "width": settings.accuracy_width,
        "batch_size": settings.batch_size,
        "seed": settings.seed,
        "view_size": view_size,
    }
    # What our own short trainings use is the best that is known for the peers; their weight decay
    # of 1e-4 with momentum 0.9 is our decoupled 1e-3.
    peer_work = {
        **work,
        "recipe": defaults.recipe(data_name="", image_size=size),
        "learning_rate": defaults.learning_rate,
        "temperature": defaults.temperature,
    }
    case = ("accuracy", _name(settings))

    def into(output: str, **more: Any) -> dict[str, Any]:
        return {**peer_work, "output": f"{folder}/{output}", **more}

    loader = loader_setting(settings)
    task = "accuracy:train"
    return (
        ours(
            task,
            {**work, "output": f"{folder}/ours"},
            f"{OUR_SETTING} of pretrain.py, views of {view_size} px",
        ),
        *chosen(
            settings,
            lightly=torch_peer(
                case,
                "lightly",
                task,
                into("lightly", tuned=False, view_size=size),
                f"{LIGHTLY}; {loader}; views of {size} px",
            ),
            tuned=torch_peer(
                case,
                "tuned",
                task,
                into("tuned", tuned=True),
                f"{TUNED}; {loader}; views of {view_size} px",
            ),
        ),
    )


def _train(contestant: Contestant, start: Callable[[bool], Worker]) -> float:
    with start(False) as worker:
        worker.prepare(contestant.task, contestant.arguments)
        return worker.run()


def _rows(name, contestants, accuracies, failures, seconds) -> list[dict[str, Any]]:
    described = []
    for contestant in contestants:
        took = seconds.get(contestant.name)
        accuracy = accuracies.get(contestant.name, [None])[0]
        described.append(
            dataclasses.replace(
                contestant,
                setting=contestant.setting + (f"; trained {took:.0f} s" if took else ""),
                target=(accuracy + _MARGIN) / accuracy if accuracy else None,
            )
        )
    case = Case("accuracy", name, "accuracy", described[0], tuple(described[1:]))
    return rows_of(case, accuracies, failures)


def _name(settings: BenchmarkSettings) -> str:
    network = f"{settings.accuracy_encoder} width {settings.accuracy_width:g}"
    return f"{network}, {settings.accuracy_minutes:g} minutes"
