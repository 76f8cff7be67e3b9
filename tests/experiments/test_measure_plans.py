"""measure_plans.py from the command line to its file."""

import json

import pytest
from PIL import Image, ImageDraw

from tests.detection.drawn import NAMES, draw_symbol
from tests.experiments.conftest import succeeded

pytestmark = pytest.mark.slow


def test_seen_classes_those_seen_once_and_four_on_a_page_are_measured(tmp_path):
    printed = succeeded(
        tmp_path,
        "measure_plans",
        "--split=test",
        "--class_count=4",
        "--max_pages=1",
        "--angles=1",
        "--places_per_class=5",
        "--calibration_pages=1",
        "--background_pages=1",
        "--output_dir=out",
    )
    assert "Calibrating on 1 plans with other symbols" in printed
    assert "Searching 1 plans without symbols" in printed
    assert "seen_once:" in printed and "four_on_a_page: 1 cases" in printed
    metrics = json.loads((tmp_path / "out/metrics.json").read_text())
    seen, once = metrics["seen_in_training"], metrics["seen_once"]
    assert seen["boxes"] + once["boxes"] == metrics["boxes"] and once["boxes"] == 4
    assert 0 <= metrics["map_50"] <= 1 and metrics["seconds_per_page"] > 0
    assert metrics["split"] == "test" and metrics["settings"]["angles"] == 1
    assert metrics["encoder"] is None
    assert metrics["background_pages"] == 1


def test_own_symbols_stand_on_the_plans_and_are_measured(tmp_path):
    (tmp_path / "signs").mkdir()
    for name in NAMES:
        Image.fromarray(draw_symbol(name, 64)).save(tmp_path / f"signs/{name}.png")
    square = Image.new("L", (64, 64), 255)
    ImageDraw.Draw(square).rectangle((8, 8, 56, 56), outline=0, width=3)
    square.save(tmp_path / "signs/square.png")
    printed = succeeded(
        tmp_path,
        "measure_plans",
        *("--split=test", "--symbols_dir=signs", "--max_pages=1", "--angles=1"),
        *("--places_per_class=5", "--background_pages=1", "--output_dir=out"),
    )
    assert "seen_once:" in printed and "seen_in_training:" not in printed
    metrics = json.loads((tmp_path / "out/metrics.json").read_text())
    # A plan has columns and furniture that are squares.
    assert list(metrics["penalties"]) == ["square"] and metrics["penalties"]["square"] > 0
    assert metrics["classes"] == 4 and metrics["seen_once"]["boxes"] == metrics["boxes"] >= 4
    assert set(metrics["seen_once"]["per_class"]) <= {*NAMES, "square"}
