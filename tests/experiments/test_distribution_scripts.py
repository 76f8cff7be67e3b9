"""The scripts with several replicas and workers: one run folder, and the figures of one device."""

import contextlib
import csv
import json
import os
import pathlib
import signal
import subprocess
import time

import numpy as np
import pytest
from PIL import Image

from experiments.local_cluster import local_configs
from simclr_tf.retrieval import read_embeddings
from tests.experiments.conftest import (
    ENCODER,
    PICTURES,
    PRETRAIN,
    ROOT,
    command,
    run_script,
    succeeded,
)
from tests.forked import ForkedPopen

# So gentle that a ReLU does not turn on the last digit: one that does changes all that follows.
GENTLE = ("--learning_rate=0.001", "--temperature=0.5", "--seed=2")
ARGUMENTS = ("--data_dir=pictures", *PICTURES, *PRETRAIN, *GENTLE, "--epochs=3")
WORKERS = ("--strategy=multi_worker", "--worker_timeout=100")
LOST_EPOCHS = 5
TIMES = ("epoch_seconds", "images_per_second")


def launch(*arguments):
    script = os.fspath(ROOT / "experiments" / "pretrain.py")
    return ["--workers=2", "--grace_seconds=2", script, *arguments, *WORKERS]


def metrics(folder):
    with open(folder / "version_0" / "metrics.csv", newline="") as file:
        rows = [
            {name: float(value) for name, value in row.items() if name not in TIMES}
            for row in csv.DictReader(file)
        ]
    return [list(row) for row in rows], np.array([list(row.values()) for row in rows])


def children_of(parent):
    """The processes that a process has started, oldest first."""
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if f"PPid:\t{parent}\n" in status.read_text():
                found.append(int(status.parent.name))
    return sorted(found)


@pytest.fixture(scope="module")
def one_device(workplace, once):
    once("one_device", lambda: succeeded(workplace, "pretrain", *ARGUMENTS, "--run_dir=runs/one"))
    return metrics(workplace / "runs/one")


def assert_like_one_device(folder, one_device):
    names, figures = metrics(folder)
    assert names == one_device[0]
    np.testing.assert_allclose(figures, one_device[1], rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_pretraining_with_two_workers_is_that_of_one_and_the_chief_alone_writes(
    workplace, one_device, monkeypatch
):
    workers = []
    for config in local_configs(2):
        monkeypatch.setenv("TF_CONFIG", config)
        arguments = (*ARGUMENTS, "--run_dir=runs/workers", *WORKERS)
        pipe = subprocess.PIPE
        workers.append(
            ForkedPopen(command("pretrain", *arguments), cwd=workplace, stdout=pipe, stderr=pipe)
        )
    (printed, _), _ = [worker.communicate(timeout=300) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert "Encoder: runs/workers/version_0/encoder.keras" in printed
    assert [path.name for path in (workplace / "runs/workers").iterdir()] == ["version_0"]
    assert (workplace / "runs/workers/version_0/finished.json").is_file()
    assert_like_one_device(workplace / "runs/workers", one_device)


@pytest.mark.slow
def test_one_lost_worker_stops_the_job_and_one_device_goes_on_with_it(workplace):
    arguments = (*ARGUMENTS[:-1], f"--epochs={LOST_EPOCHS}", "--run_dir=runs/lost")
    process = subprocess.Popen(
        command("launch_workers", *launch(*arguments)),
        cwd=workplace,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        rows = workplace / "runs/lost/version_0/metrics.csv"
        end = time.monotonic() + 500
        while not rows.is_file() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        os.kill(children_of(process.pid)[1], signal.SIGKILL)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 137, errors
    assert "worker 1 of 2 was killed by SIGKILL; the others were stopped" in errors
    assert "Traceback" not in errors
    begun = len(rows.read_text().splitlines()) - 1
    assert 1 <= begun < LOST_EPOCHS
    succeeded(workplace, "pretrain", *arguments, "--resume")
    assert json.loads((rows.parent / "finished.json").read_text())["epoch"] == LOST_EPOCHS


@pytest.mark.slow
def test_fine_tuning_on_two_replicas_is_that_of_one(workplace):
    arguments = (
        "--data_dir=pictures",
        *PICTURES,
        "--encoder=resnet10",
        "--width=0.125",
        "--augment=crop-flip",
        "--batch_size=12",
        "--steps_per_epoch=4",
        "--epochs=2",
        "--head_size=8",
        "--optimizer=sgd",
    )
    succeeded(workplace, "finetune", *arguments, "--run_dir=runs/tuned_one")
    more = ("--run_dir=runs/tuned_two", "--strategy=mirrored", "--replicas=2")
    succeeded(workplace, "finetune", *arguments, *more)
    _, expected = metrics(workplace / "runs/tuned_one")
    _, found = metrics(workplace / "runs/tuned_two")
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_the_baseline_on_two_replicas_is_that_of_one(workplace):
    arguments = (
        *("--data_dir=pictures", *PICTURES, *ENCODER, "--augment=crop-flip", "--batch_size=12"),
        *("--pictures=48", "--minimum_epochs=1", "--learning_rate=0.001", "--labels_per_class=10"),
    )
    succeeded(workplace, "baseline", *arguments, "--run_dir=runs/base_one")
    more = ("--run_dir=runs/base_two", "--strategy=mirrored", "--replicas=2")
    assert "Strategy mirrored: 2 replicas" in succeeded(workplace, "baseline", *arguments, *more)
    names, expected = metrics(workplace / "runs/base_one")
    assert {"val_loss", "val_accuracy"} <= set(names[0])
    _, found = metrics(workplace / "runs/base_two")
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_three_replicas_embed_pictures_that_they_cannot_share_evenly(workplace):
    arguments = ("--model_type=pixels", "--data_dir=pictures", *PICTURES, "--batch_size=16")
    printed = succeeded(
        workplace,
        "embed",
        *(*arguments, "--output_dir=embedded_by_three"),
        *("--strategy=mirrored", "--replicas=3"),
    )
    assert "Strategy mirrored: 3 replicas" in printed
    assert "pictures: 90 embeddings; 90 new, 0 kept, 0 gone, 0 pictures skipped" in printed
    embedded = read_embeddings(workplace / "embedded_by_three/embeddings.npz")
    with Image.open(workplace / "pictures" / embedded.ids[-1]) as picture:
        pixels = np.asarray(picture, np.float32).ravel()
    np.testing.assert_allclose(embedded.embeddings[-1], pixels - pixels.mean(), atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--replicas=2",), "`replicas` is for the strategy mirrored"),
        (("--strategy=multi_worker",), "`TF_CONFIG` must be set"),
        (
            ("--strategy=mirrored", "--replicas=3"),
            "`batch_size` must be a multiple of the number of replicas (3)",
        ),
    ],
)
def test_a_strategy_that_cannot_be_is_refused_in_one_line(workplace, arguments, said):
    done = run_script(workplace, "pretrain", *ARGUMENTS, "--run_dir=runs/refused", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("Error: ")]) == 1
    assert not (workplace / "runs/refused").exists()


def test_a_worker_that_does_not_come_is_named_after_the_time_out(workplace, monkeypatch):
    config = {
        "cluster": {"worker": ["127.0.0.1:47321", "127.0.0.1:47322"]},
        "task": {"type": "worker", "index": 0},
    }
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    arguments = (*ARGUMENTS, "--strategy=multi_worker", "--worker_timeout=1")
    done = run_script(workplace, "pretrain", *arguments)
    assert done.returncode == 2
    assert "missing: worker 1 at 127.0.0.1:47322" in done.stderr


def test_the_replicas_must_share_the_micro_batches_of_a_fine_tuning(workplace):
    done = run_script(
        workplace,
        "finetune",
        *("--data_dir=pictures", "--image_size=8", "--width=0.125", "--microbatch_size=3"),
        *("--strategy=mirrored", "--replicas=2", "--batch_size=12", "--pictures_per_class=4"),
    )
    assert done.returncode == 2
    assert "`microbatch_size` must be a multiple of the number of replicas (2)" in done.stderr
