from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest
from PIL import Image

from simclr_tf.plots import new_figure, save_figure


def test_importing_the_plots_loads_neither_matplotlib_nor_tensorflow() -> None:
    code = (
        "import sys, simclr_tf.plots; "
        "print([name for name in ('matplotlib', 'tensorflow', 'keras') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "start"), [("plot.png", b"\x89PNG"), ("plot.svg", b"<?xml"), ("plot", b"\x89PNG")]
)
def test_the_ending_of_the_file_names_the_format(
    tmp_path: pathlib.Path, name: str, start: bytes
) -> None:
    save_figure(new_figure(1, 1), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)


def test_the_dots_per_inch_are_the_figures_own_or_those_asked_for(tmp_path: pathlib.Path) -> None:
    save_figure(new_figure(2, 1), tmp_path / "plot.png")
    save_figure(new_figure(2, 1), tmp_path / "sharp.png", 160)
    for name, size in (("plot.png", (200, 100)), ("sharp.png", (320, 160))):
        with Image.open(tmp_path / name) as picture:
            assert picture.size == size
    with pytest.raises(ValueError, match="`dots_per_inch` must be greater than 0"):
        save_figure(new_figure(2, 1), tmp_path / "plot.png", 0)


def test_a_failed_save_leaves_the_old_file_alone(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "plot.unknown"
    path.write_text("good")
    with pytest.raises(ValueError, match="unknown"):
        save_figure(new_figure(1, 1), path)
    assert path.read_text() == "good"
    assert list(tmp_path.iterdir()) == [path]


def test_figures_are_not_registered_with_pyplot() -> None:
    new_figure()
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )
