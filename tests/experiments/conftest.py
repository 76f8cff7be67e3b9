import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import make_class_folders
from tests.forked import run_forked

ROOT = pathlib.Path(__file__).parents[2]
# The smallest settings of every script that trains.
PICTURES = ("--image_size=8",)
ENCODER = ("--encoder=resnet10", "--width=0.125", "--mixed_precision=none")
PRETRAIN = (
    *ENCODER,
    "--augment=simclr-cifar",
    "--projection_size=8",
    "--batch_size=16",
    "--steps_per_epoch=4",
    "--notensorboard",
)
INTERRUPTED_EPOCHS = 15


def command(name, *arguments):
    return [sys.executable, os.fspath(ROOT / "experiments" / f"{name}.py"), *arguments]


def run_script(folder, name, *arguments):
    """Runs a script to its end with `folder` as the working directory."""
    return run_forked(command(name, *arguments), 300, cwd=folder)


def succeeded(folder, name, *arguments):
    done = run_script(folder, name, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def workplace(shared_folder, once):
    """A folder with pictures of three classes in `pictures`; the scripts run in it.

    All processes of the test run share it: tests write under names of their own, and what several
    tests read is made by `once`.
    """
    folder = shared_folder / "workplace"
    sizes = {"num_classes": 3, "pictures_per_class": 30, "size": 8}
    once("workplace_is_made", lambda: os.fspath(make_class_folders(folder / "pictures", **sizes)))
    return folder


@pytest.fixture(scope="session")
def interrupted(workplace, once):
    """Pretraining stopped by Ctrl-C in its epoch 2: arguments, status, output, errors, epochs."""
    return once("interrupted", lambda: _interrupt(workplace))


def _interrupt(workplace):
    arguments = (
        "--data_dir=pictures",
        *PICTURES,
        *PRETRAIN,
        f"--epochs={INTERRUPTED_EPOCHS}",
        "--tensorboard",
        "--run_dir=runs/mine",
    )
    process = subprocess.Popen(
        command("pretrain", *arguments),
        cwd=workplace,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        metrics = workplace / "runs/mine/version_0/metrics.csv"
        end = time.monotonic() + 200
        while not metrics.is_file() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    epochs = len(metrics.read_text().splitlines()) - 1
    return arguments, process.returncode, output, errors, epochs


@pytest.fixture(scope="session")
def refused_resume(workplace, interrupted, once):
    """The attempt to go on with another temperature: status and errors."""

    def resume():
        another = (*interrupted[0], "--resume", "--temperature=0.9")
        done = run_script(workplace, "pretrain", *another)
        return done.returncode, done.stderr

    return once("refused_resume", resume)


@pytest.fixture(scope="session")
def pretrained(workplace, interrupted, refused_resume, once):
    """What the pretraining printed when it was resumed; its folder is runs/mine."""
    again = (*interrupted[0], "--resume")
    return once("pretrained", lambda: succeeded(workplace, "pretrain", *again))
