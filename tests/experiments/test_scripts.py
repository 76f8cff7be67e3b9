"""Every script from its command line to its files, with the smallest settings."""

import csv
import json
import re

import pytest

from tests.experiments.conftest import (
    ENCODER,
    INTERRUPTED_EPOCHS,
    PICTURES,
    PRETRAIN,
    run_script,
    succeeded,
)

pytestmark = pytest.mark.slow

# === pretrain, stopped and resumed ===


def test_ctrl_c_exits_with_130_and_says_how_to_resume(interrupted):
    _, status, _, errors, epochs = interrupted
    assert status == 130, errors
    assert "Stopped. The same command with --resume goes on from here." in errors
    assert "Traceback" not in errors
    assert 1 <= epochs < INTERRUPTED_EPOCHS


def test_a_resume_with_another_flag_names_the_difference(refused_resume):
    status, errors = refused_resume
    assert status == 2
    (line,) = [line for line in errors.splitlines() if line.startswith("Error:")]
    assert re.search("differences: `temperature` was [0-9.]+ and is now 0.9$", line)


def test_the_same_command_with_resume_finishes(workplace, pretrained):
    version = workplace / "runs/mine/version_0"
    assert "Resuming runs/mine/version_0\n" in pretrained
    with open(version / "metrics.csv", newline="") as file:
        epochs = [int(row["epoch"]) for row in csv.DictReader(file)]
    assert epochs == list(range(1, INTERRUPTED_EPOCHS + 1))
    assert (version / "finished.json").is_file()
    assert not (workplace / "runs/mine/version_1").exists()


def test_pretraining_leaves_its_files(workplace, pretrained):
    version = workplace / "runs/mine/version_0"
    names = (
        "config.json",
        "plan.json",
        "skipped.csv",
        "views.png",
        "curves.png",
        "encoder.keras",
        "best_encoder.keras",
        "projection_head.keras",
    )
    assert [name for name in names if not (version / name).is_file()] == []
    assert list(version.glob("tensorboard/train/events.out.tfevents*"))
    config = json.loads((version / "config.json").read_text())
    assert config["seed"] == 0 and config["versions"]["tensorflow"] and config["fingerprint"]


def test_pretraining_prints_the_next_command_with_the_same_pictures(pretrained):
    assert (
        "Next: python experiments/linear_probe.py --encoder_dir=runs/mine "
        "--data_dir=pictures --image_size=8\n"
    ) in pretrained


def test_resuming_a_finished_run_ends_at_once(workplace, interrupted, pretrained):
    printed = succeeded(workplace, "pretrain", *interrupted[0], "--resume")
    assert printed.strip() == "runs/mine/version_0 is finished: nothing to resume."


# === linear_probe ===


def test_the_probe_of_a_pretrained_encoder(workplace, pretrained):
    printed = succeeded(
        workplace,
        "linear_probe",
        "--encoder_dir=runs/mine",
        "--data_dir=pictures",
        *PICTURES,
        "--labels_per_class=5",
        "--output_dir=probe",
    )
    result = json.loads((workplace / "probe/probe.json").read_text())
    assert result["labels"] == 15
    assert 0 <= result["knn_probe"]["accuracy"] <= 1
    # Three colours far apart: any encoder that sees them tells them.
    assert result["linear_probe"]["accuracy"] > 0.5
    assert (workplace / "probe/confusion_matrix.png").is_file()
    assert "15 labels; test accuracy" in printed
    assert "linear probe" in printed and "knn probe" in printed


def test_a_probe_with_another_picture_size_is_refused_before_tensorflow(workplace, pretrained):
    done = run_script(
        workplace,
        "linear_probe",
        "--encoder_dir=runs/mine",
        "--data_dir=pictures",
        "--image_size=16",
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Error: `image_size` must be 8, the size of the pictures that")
    assert not (workplace / "runs/mine/version_0/probe_all").exists()


def test_a_probe_takes_the_picture_size_of_its_encoder_and_the_k_that_is_asked_for(
    workplace, pretrained
):
    succeeded(
        workplace,
        "linear_probe",
        "--encoder_dir=runs/mine",
        "--data_dir=pictures",
        "--knn_k=2",
        "--output_dir=probe_k",
    )
    assert json.loads((workplace / "probe_k/probe.json").read_text())["knn_probe"]["k"] == 2


# === baseline ===


def test_the_baseline_leaves_its_files_and_says_its_accuracy(workplace):
    printed = succeeded(
        workplace,
        "baseline",
        "--data_dir=pictures",
        *PICTURES,
        *ENCODER,
        "--batch_size=8",
        "--pictures=40",
        "--minimum_epochs=1",
        "--labels_per_class=5",
        "--run_dir=runs/base",
    )
    version = workplace / "runs/base/version_0"
    report = json.loads((version / "report.json").read_text())
    finished = json.loads((version / "finished.json").read_text())
    assert report["labels"] == 15
    assert finished["accuracy"] == report["accuracy"]
    assert (version / "classifier.keras").is_file() and (version / "encoder.keras").is_file()
    assert f"15 labels: test accuracy {100 * report['accuracy']:.1f} %" in printed


# === compare ===


def test_the_comparison_is_written_and_printed(workplace):
    short = [
        f"--{part}_{flag}"
        for part in ("baseline", "fine_tune")
        for flag in ("batch_size=8", "pictures=8", "minimum_epochs=1")
    ]
    arguments = (
        "--data_dir=pictures",
        *PICTURES,
        *PRETRAIN,
        "--epochs=1",
        *short,
        "--labels_per_class=5",
        "--seeds=1",
        "--run_dir=runs/compare",
    )
    printed = succeeded(workplace, "compare", *arguments)
    version = workplace / "runs/compare/version_0"
    comparison = json.loads((version / "comparison.json").read_text())
    contestants = {"linear_probe", "knn_probe", "fine_tuned", "baseline"}
    assert set(comparison["contestants"]) == contestants
    assert comparison["verdict"] in printed
    assert "pictures: test accuracy in %, 15 labels (5 per class), 1 seed\n" in printed
    assert "Results: runs/compare/version_0/comparison.json" in printed
    assert (version / "comparison.png").is_file()
    assert (version / "finished.json").is_file()


# === Pictures that stay on the disk ===


def test_pretraining_from_the_disk_is_that_from_memory(workplace):
    losses = []
    for name, limit in (("memory", 10**9), ("disk", 0)):
        succeeded(
            workplace,
            "pretrain",
            "--data_dir=pictures",
            *PICTURES,
            *PRETRAIN,
            "--epochs=2",
            "--normalization=group",
            f"--ram_limit_bytes={limit}",
            f"--run_dir=runs/{name}",
        )
        version = workplace / f"runs/{name}/version_0"
        assert json.loads((version / "config.json").read_text())["normalization"] == "group"
        with open(version / "metrics.csv", newline="") as file:
            losses.append([row["loss"] for row in csv.DictReader(file)])
    assert len(losses[0]) == 2
    assert losses[0] == losses[1]
