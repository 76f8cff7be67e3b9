"""tensorboard_screenshots.py on a small run, in a real browser."""

import importlib.util
import os
import shutil

import pytest
from PIL import Image

from tests.experiments.conftest import run_script, succeeded

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
MISSING = CHROMIUM is None or importlib.util.find_spec("playwright") is None


@pytest.fixture
def folder(tmp_path):
    """Event files of a run of three epochs in `runs`."""
    import tensorflow as tf

    with tf.summary.create_file_writer(os.fspath(tmp_path / "runs/version_0")).as_default():
        for step in range(3):
            tf.summary.scalar("loss", 3.0 - step, step=step)
    return tmp_path


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(MISSING, reason="Chromium or playwright is missing")
def test_a_page_becomes_a_small_picture(folder):
    printed = succeeded(
        folder, "tensorboard_screenshots", "--logdir=runs", "--pages=scalars", "--output_dir=pages"
    )
    assert printed.startswith("pages/scalars.png: ")
    with Image.open(folder / "pages/scalars.png") as picture:
        assert picture.size == (1280, 800)
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 20
    assert (folder / "pages/scalars.png").stat().st_size < 150_000


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(MISSING, reason="Chromium or playwright is missing")
@pytest.mark.skipif(importlib.util.find_spec("xprof") is not None, reason="xprof is installed")
def test_the_profile_s_page_names_the_plug_in_that_it_needs(folder):
    done = run_script(folder, "tensorboard_screenshots", "--logdir=runs", "--pages=profile")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and "has no page 'profile': pip install xprof" in line


def test_a_folder_that_is_not_there_is_named(tmp_path):
    done = run_script(tmp_path, "tensorboard_screenshots", "--logdir=none")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and "`logdir` must be an existing folder" in line
