import dataclasses
import json
import math

import numpy as np
import pytest

from simclr_tf.protocols import comparison, format_table, pretraining
from simclr_tf.protocols.comparison_report import CONTESTANTS
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.parts import finish_part
from simclr_tf.protocols.settings import ComparisonSettings
from simclr_tf.runs import RunFolder
from tests.protocols.conftest import small_encoder


class Spy:
    """Calls what it stands for, and remembers what it was called with."""

    def __init__(self, spied):
        self.spied = spied
        self.calls = []
        self.stop_at = None

    def __call__(self, *arguments, **named):
        self.calls.append((arguments, named))
        if len(self.calls) == self.stop_at:
            raise KeyboardInterrupt
        return self.spied(*arguments, **named)


def without_seconds(value):
    """Drops every time from what comparison.json holds."""
    if isinstance(value, dict):
        return {name: without_seconds(inner) for name, inner in value.items() if name != "seconds"}
    return [without_seconds(inner) for inner in value] if isinstance(value, list) else value


def read(run_dir):
    return json.loads((run_dir / "version_0" / "comparison.json").read_text())


@pytest.fixture(scope="module")
def settings(pretrain_settings, supervised_settings):
    return ComparisonSettings(
        pretrain=dataclasses.replace(pretrain_settings, tensorboard=False),
        baseline=supervised_settings,
        fine_tune=supervised_settings,
        budget=LabelBudget(labels_per_class=4),
        seeds=(0, 1),
    )


@pytest.fixture(scope="module")
def compared(tmp_path_factory, splits, settings):
    """A comparison that was stopped in the baseline of its first seed, and resumed."""
    run_dir = tmp_path_factory.mktemp("comparison") / "run"
    names = ("pretrain", "train_supervised", "linear_probe", "knn_probe")
    with pytest.MonkeyPatch.context() as patch:
        for module in (pretraining, comparison):
            patch.setattr(module, "build_settings_encoder", small_encoder)
        spies = {name: Spy(getattr(comparison, name)) for name in names}
        for name, spy in spies.items():
            patch.setattr(comparison, name, spy)
        spies["train_supervised"].stop_at = 2
        with RunFolder.create(run_dir, {}) as run, pytest.raises(KeyboardInterrupt):
            comparison.compare(splits, settings, run)
        with RunFolder.resume(run_dir) as run:
            returned = comparison.compare(splits, settings, run)
    return run_dir, returned, {name: spy.calls for name, spy in spies.items()}


def test_the_files_of_a_comparison(compared):
    version = compared[0] / "version_0"
    assert (version / "comparison.json").is_file()
    assert (version / "comparison.png").read_bytes().startswith(b"\x89PNG")
    for seed in (0, 1):
        assert (version / f"seed_{seed}/pretrain/version_0/encoder.keras").is_file()
        for name in ("fine_tuned", "baseline"):
            part = version / f"seed_{seed}/{name}_4_per_class/version_0"
            assert (part / "classifier.keras").is_file()
            assert (part / "finished.json").is_file()


def test_the_fields_of_comparison_json(compared):
    written = read(compared[0])
    assert set(written["contestants"]) == set(CONTESTANTS)
    for contestant in written["contestants"].values():
        assert {"mean", "std", "seeds", "seconds"} <= set(contestant)
        assert len(contestant["seeds"]) == 2
        assert all(0 <= accuracy <= 1 for accuracy in contestant["seeds"])
        assert contestant["mean"] == pytest.approx(np.mean(contestant["seeds"]))
        assert math.isfinite(contestant["std"]) and contestant["seconds"] > 0
    assert set(written["difference"]) >= {"mean", "ci95"}
    low, high = written["difference"]["ci95"]
    assert low <= written["difference"]["mean"] <= high
    # 4 labels of each of 3 classes.
    assert written["labels"] == 12
    assert written["split"] == {"train": 28, "validation": 12, "test": 12}
    assert isinstance(written["verdict"], str)


def test_what_is_returned_is_what_is_written(compared):
    run_dir, returned, _ = compared
    assert json.loads(json.dumps(returned)) == read(run_dir)
    assert returned["verdict"] in format_table(returned)


def test_every_contestant_of_a_seed_has_the_same_labels(compared, splits, settings):
    calls = compared[2]
    train = splits.train.labelled()
    for seed in settings.seeds:
        rows = settings.budget.choose(train.labels, seed)
        ids = tuple(train.ids[row] for row in rows)
        trained = [
            arguments[1].ids
            for arguments, _ in calls["train_supervised"]
            if arguments[3].seed == seed
        ]
        assert set(trained) == {ids}
        for probe in ("linear_probe", "knn_probe"):
            probed = [arguments[1].tolist() for arguments, _ in calls[probe]]
            assert rows.tolist() in probed


def test_the_seeds_have_different_labels(compared):
    ids = {
        (arguments[3].seed, arguments[1].ids) for arguments, _ in compared[2]["train_supervised"]
    }
    assert len(ids) == 2


def test_no_test_picture_is_trained_or_chosen_on(compared, splits):
    for arguments, _ in compared[2]["train_supervised"]:
        assert not set(arguments[1].ids) & set(splits.test.ids)
        assert arguments[2].ids == splits.validation.ids


def test_the_fine_tuned_encoder_alone_starts_from_the_probe(compared):
    starts = [
        (named["name"].split(", ")[1], named["probe"] is not None)
        for _, named in compared[2]["train_supervised"]
    ]
    assert set(starts) == {("fine_tuned", True), ("baseline", False)}


def test_resuming_repeats_nothing_that_was_finished(compared):
    calls = compared[2]
    assert [arguments[1].seed for arguments, _ in calls["pretrain"]] == [0, 1]
    trained = [named["name"] for _, named in calls["train_supervised"]]
    assert trained == [
        "seed 0, fine_tuned, 12 labels",
        "seed 0, baseline, 12 labels",
        "seed 0, baseline, 12 labels",
        "seed 1, fine_tuned, 12 labels",
        "seed 1, baseline, 12 labels",
    ]


def test_a_finished_comparison_gives_the_same_again_without_training(
    compared, splits, settings, monkeypatch
):
    run_dir = compared[0]
    before = read(run_dir)
    encoders = {path: path.stat().st_mtime_ns for path in run_dir.rglob("*.keras")}
    for name in ("pretrain", "train_supervised"):
        monkeypatch.setattr(comparison, name, None)
    with RunFolder.resume(run_dir) as run:
        comparison.compare(splits, settings, run)
    assert without_seconds(read(run_dir)) == without_seconds(before)
    assert encoders == {path: path.stat().st_mtime_ns for path in run_dir.rglob("*.keras")}


def test_a_part_that_was_killed_while_its_folder_was_made_begins_again(tmp_path):
    (tmp_path / "run/version_0/part/version_0").mkdir(parents=True)
    with RunFolder.create(tmp_path / "run", {}) as run:
        (run.path / "part/version_0").mkdir(parents=True)
        path, summary = finish_part(run, "part", {}, lambda part: {"seconds": 1.0})
    assert path.name == "version_1"
    assert summary["seconds"] == 1.0


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_missing_labels_are_told_before_anything_is_trained(
    without_labels, settings, tmp_path, monkeypatch, split
):
    monkeypatch.setattr(comparison, "pretrain", None)
    with RunFolder.create(tmp_path, {}) as run:
        with pytest.raises(ValueError, match=f"The {split} split of colours has no labelled"):
            comparison.compare(without_labels(split), settings, run)


# === With stand-ins for the trainings ===


@pytest.fixture
def stand_ins(monkeypatch, tmp_path):
    """Trainings that take no time; the linear probe's accuracy is a tenth of the labels."""

    def pretrain(splits, settings, part):
        part.append_metrics({"epoch": 1, "epoch_seconds": 2.5})
        part.append_metrics({"epoch": 2, "epoch_seconds": 1.5})

    def train_supervised(encoder, labelled, *others, **named):
        others[-1].append_metrics({"epoch": 1, "epoch_seconds": 0.5})
        return len(labelled)

    def report(labels):
        return {"accuracy": labels / 10, "macro_accuracy": labels / 10}

    def split_features(encoder, splits):
        class Features:
            train_labels = splits.train.labelled().labels
            seconds = 0.25

        return Features

    monkeypatch.setattr(comparison, "pretrain", pretrain)
    monkeypatch.setattr(comparison, "train_supervised", train_supervised)
    monkeypatch.setattr(comparison, "load_encoder", lambda path: None)
    monkeypatch.setattr(comparison, "build_settings_encoder", lambda *arguments: None)
    monkeypatch.setattr(comparison, "split_features", split_features)
    monkeypatch.setattr(comparison, "test_report", lambda model, test: report(model))
    for name in ("linear_probe", "knn_probe"):
        monkeypatch.setattr(comparison, name, lambda features, rows: (None, report(len(rows))))


def test_the_curve_has_each_budget_once(stand_ins, splits, settings, tmp_path):
    settings = dataclasses.replace(settings, curve=(1, 4, 2, 1))
    with RunFolder.create(tmp_path, {}) as run:
        written = comparison.compare(splits, settings, run)
    # The table's 4 labels of each of 3 classes first, then 1 and 2.
    assert [point["labels"] for point in written["curve"]] == [12, 3, 6]
    means = [point["contestants"]["linear_probe"]["mean"] for point in written["curve"]]
    assert means == pytest.approx([1.2, 0.3, 0.6])
    assert (tmp_path / "version_0/seed_1/baseline_2_per_class").is_dir()


def test_seconds_are_those_of_all_epochs(stand_ins, splits, settings, tmp_path):
    with RunFolder.create(tmp_path, {}) as run:
        written = comparison.compare(splits, settings, run)
    # 2.5 and 1.5 seconds of pretraining in both seeds.
    assert written["pretraining"]["seconds"] == pytest.approx(4.0)
    seconds = {name: value["seconds"] for name, value in written["contestants"].items()}
    assert seconds == pytest.approx(
        {"linear_probe": 0.25, "knn_probe": 0.25, "fine_tuned": 0.5, "baseline": 0.5}
    )


def test_each_seed_has_its_own_pretraining_and_supervised_training(
    stand_ins, splits, settings, tmp_path
):
    with RunFolder.create(tmp_path, {}) as run:
        comparison.compare(splits, settings, run)
    for seed in (0, 1):
        for part in ("pretrain", "fine_tuned_4_per_class", "baseline_4_per_class"):
            config = tmp_path / f"version_0/seed_{seed}/{part}/version_0/config.json"
            assert json.loads(config.read_text())["seed"] == seed
