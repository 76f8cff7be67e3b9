"""measure_plans.py from the command line to its file."""

import json

import pytest

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
        "--output_dir=out",
    )
    assert "seen_once:" in printed and "four_on_a_page: 1 cases" in printed
    metrics = json.loads((tmp_path / "out/metrics.json").read_text())
    seen, once = metrics["seen_in_training"], metrics["seen_once"]
    assert seen["boxes"] + once["boxes"] == metrics["boxes"] and once["boxes"] == 4
    assert 0 <= metrics["map_50"] <= 1 and metrics["seconds_per_page"] > 0
    assert metrics["split"] == "test" and metrics["settings"]["angles"] == 1
    assert metrics["encoder"] is None
