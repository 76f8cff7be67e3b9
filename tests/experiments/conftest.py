import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import make_class_folders

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
)
INTERRUPTED_EPOCHS = 40


def command(name, *arguments):
    return [sys.executable, os.fspath(ROOT / "experiments" / f"{name}.py"), *arguments]


def run_script(folder, name, *arguments):
    """Runs a script to its end with `folder` as the working directory."""
    return subprocess.run(
        command(name, *arguments),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def succeeded(folder, name, *arguments):
    done = run_script(folder, name, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """A folder with pictures of three classes in `pictures`; the scripts run in it."""
    folder = tmp_path_factory.mktemp("workplace")
    make_class_folders(folder / "pictures", num_classes=3, pictures_per_class=30, size=8)
    return folder


@pytest.fixture(scope="session")
def interrupted(workplace):
    """Pretraining that got Ctrl-C after its first epoch: status, output, errors."""
    arguments = (
        "--data_dir=pictures",
        *PICTURES,
        *PRETRAIN,
        f"--epochs={INTERRUPTED_EPOCHS}",
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
def refused_resume(workplace, interrupted):
    """The attempt to go on with another temperature."""
    return run_script(workplace, "pretrain", *interrupted[0], "--resume", "--temperature=0.9")


@pytest.fixture(scope="session")
def pretrained(workplace, interrupted, refused_resume):
    """What the pretraining printed when it was resumed; its folder is runs/mine."""
    return succeeded(workplace, "pretrain", *interrupted[0], "--resume")
