import pathlib

import numpy as np
import pytest

from experiments.benchmarks.accuracy import _contestants, measure_accuracy
from experiments.benchmarks.settings import BenchmarkSettings
from experiments.benchmarks.worker import WorkerFailed
from simclr_tf.data import PictureSet, PictureSplits
from simclr_tf.protocols import PretrainSettings


def split(rows):
    labels = np.arange(rows, dtype=np.int32) % 2
    images = np.zeros((rows, 8, 8, 3), np.uint8)
    return PictureSet(images, labels, tuple(map(str, range(rows))), ("a", "b"))


SPLITS = PictureSplits(split(40), split(20), split(20), "pictures", "", (), ())


class FakeTrainer:
    """Writes features that tell the classes apart, or, for peers, all the same ones."""

    def __init__(self, failing):
        self.failing = failing

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def prepare(self, task, arguments, repeat_seconds=0):
        self.arguments = arguments
        self.blind = ".pytorch." in task

    def run(self):
        if self.blind and self.failing == "peer" or self.failing == "all":
            raise WorkerFailed("out of memory")
        output = pathlib.Path(self.arguments["output"])
        output.mkdir()
        for name in ("train", "validation", "test"):
            rows = len(np.load(pathlib.Path(self.arguments["folder"], f"{name}.npy")))
            told = np.zeros(rows) if self.blind else np.arange(rows) % 2
            features = np.stack([told, 1 - told], axis=1) + 0.5
            np.save(output / f"{name}.npy", features.astype(np.float32))
        return 61.0


def accuracy_rows(failing=None, **arguments):
    settings = BenchmarkSettings(part="accuracy", **{"peers": "tuned", **arguments})
    return measure_accuracy(settings, SPLITS, lambda fresh: FakeTrainer(failing))


def test_every_contestant_is_probed_with_the_same_labels():
    rows = accuracy_rows()
    # 40 labels: neither 500 nor 1,000 are there.
    assert [row["case"].rpartition(", ")[2] for row in rows] == ["kNN-200", "probe with all labels"]
    assert {row["ours"] for row in rows} == {1.0}
    # Features that are all the same leave one of two equally frequent classes.
    assert {row["peer"] for row in rows} == {0.5}
    assert {row["peer_name"] for row in rows} == {"PyTorch tuned"}


def test_the_target_is_four_points_above_the_peer():
    # (0.5 + 0.04) / 0.5 = 1.08
    assert [row["target"] for row in accuracy_rows()] == [pytest.approx(1.08)] * 2


def test_the_seconds_of_the_training_are_written():
    assert all(row["ours_setting"].endswith("; trained 61 s") for row in accuracy_rows())


def test_the_tuned_peer_trains_with_our_views_and_numbers():
    ours, lightly, tuned = (
        contestant.arguments
        for contestant in _contestants(BenchmarkSettings(), "folder", "scenes", 32)
    )
    # 32 * 5 / 8; lightly's documentation has views as large as the pictures.
    assert [work["view_size"] for work in (ours, lightly, tuned)] == [20, 32, 20]
    defaults = PretrainSettings()
    for peer in (lightly, tuned):
        assert peer["learning_rate"] == defaults.learning_rate
        assert peer["temperature"] == defaults.temperature
        assert peer["recipe"] == "simclr-cifar"


def test_a_peer_that_fails_has_no_accuracy_and_says_why():
    for row in accuracy_rows(failing="peer"):
        assert (row["ours"], row["peer"], row["target"]) == (1.0, None, None)
        assert row["failures"] == {"PyTorch tuned": "out of memory"}


def test_a_failure_of_ours_is_an_error():
    with pytest.raises(ValueError, match="simclr_tf did not train: out of memory"):
        accuracy_rows(failing="all")
