from __future__ import annotations

import copy
import pathlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.plots import plot_comparison, save_figure


def contestant(*seeds: float) -> dict[str, Any]:
    mean, std = float(np.mean(seeds)), float(np.std(seeds, ddof=1)) if len(seeds) > 1 else 0.0
    return {"mean": mean, "std": std, "seeds": list(seeds), "seconds": 1.0}


COMPARISON = {
    "name": "symbols",
    "verdict": "The linear probe beat the baseline by 20.0 points (95 % interval 8 to 32).",
    "labels": 400,
    "labels_per_class": 2.0,
    "split": {"train": 12000, "validation": 2000, "test": 2000},
    "difference": {"mean": 0.2, "ci95": [0.08, 0.32]},
    "contestants": {
        "baseline": contestant(0.3, 0.4, 0.5),
        "linear_probe": contestant(0.5, 0.6, 0.7),
    },
    "curve": [
        {
            "labels": labels,
            "labels_per_class": labels / 200,
            "contestants": {
                "linear_probe": contestant(level, level + 0.02),
                "baseline": contestant(level - 0.1, level - 0.12),
            },
        }
        for labels, level in ((2000, 0.7), (200, 0.4))
    ],
}


def changed(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(COMPARISON), **changes}


def test_bars_hold_the_means_in_the_usual_order() -> None:
    bars = plot_comparison(COMPARISON)[0]
    assert [bar.get_height() for bar in bars.patches] == pytest.approx([0.6, 0.4])
    labels = [label.get_text() for label in bars.get_xticklabels()]
    assert labels == ["Linear\nprobe", "Supervised\nbaseline"]
    assert [text.get_text() for text in bars.texts] == ["60.0 %", "40.0 %"]


def test_whiskers_are_the_student_interval_of_the_mean() -> None:
    # Standard deviation .1, 3 seeds: 4.302653 * .1 / sqrt(3) = .248414
    whiskers = plot_comparison(COMPARISON)[0].collections[0].get_segments()[0]
    assert whiskers[:, 1] == pytest.approx([0.6 - 0.248414, 0.6 + 0.248414], abs=1e-5)


def test_each_seed_is_a_dot() -> None:
    bars = plot_comparison(COMPARISON)[0]
    dots = [line.get_ydata().tolist() for line in bars.lines if line.get_linestyle() == "None"]
    assert [0.5, 0.6, 0.7] in dots
    assert [0.3, 0.4, 0.5] in dots


def test_the_curve_runs_over_rising_labels_per_class_on_a_log_scale() -> None:
    curve = plot_comparison(COMPARISON)[1]
    assert curve.get_xscale() == "log"
    probe, baseline = curve.lines
    assert probe.get_label() == "Linear probe"
    np.testing.assert_allclose(probe.get_xydata(), [[1, 0.41], [10, 0.71]])
    np.testing.assert_allclose(baseline.get_ydata(), [0.29, 0.59])
    assert [label.get_text() for label in curve.get_xticklabels()] == ["1", "10"]
    assert curve.get_xlabel() == "Labels per class"


def test_bands_are_the_student_interval_of_the_mean() -> None:
    # Seeds .4 and .42: standard error .01, t(.975, 1) = 12.7062, so .41 - .127062 = .282938
    band = plot_comparison(COMPARISON)[1].collections[0].get_paths()[0].vertices
    at_one_label = band[band[:, 0] == 1, 1]
    assert at_one_label.min() == pytest.approx(0.282938, abs=1e-5)
    assert at_one_label.max() == pytest.approx(0.537062, abs=1e-5)


def test_lines_are_named_beside_their_ends_in_their_colours() -> None:
    curve = plot_comparison(COMPARISON)[1]
    names = {text.get_text(): text.get_color() for text in curve.texts}
    assert names == {line.get_label(): line.get_color() for line in curve.lines}


def test_names_of_lines_that_end_together_are_moved_apart() -> None:
    comparison = changed()
    for point in comparison["curve"]:
        point["contestants"] = {
            name: contestant(0.5, 0.5)
            for name in ("linear_probe", "knn_probe", "fine_tuned", "baseline")
        }
    curve = plot_comparison(comparison)[1]
    heights = sorted(text.xy[1] for text in curve.texts)
    assert np.diff(heights).min() >= 0.05 * curve.get_ylim()[1]
    assert np.mean(heights) == pytest.approx(0.5)


def test_both_panels_share_the_scale_and_bars_start_at_zero() -> None:
    bars, curve = plot_comparison(COMPARISON)
    assert bars.get_ylim() == curve.get_ylim()
    assert bars.get_ylim()[0] == 0


def test_the_verdict_is_the_wrapped_title() -> None:
    figure = plot_comparison(changed(verdict="word " * 40))[0].figure
    title = figure.get_suptitle()
    assert title.split() == ["word"] * 40
    assert max(len(line) for line in title.splitlines()) <= 88


def test_the_caption_tells_labels_split_and_seeds() -> None:
    caption = plot_comparison(COMPARISON)[0].figure.get_supxlabel()
    for part in ("symbols", "400 labels (2 per class)", "12,000 train", "2,000 test", "3 seeds"):
        assert part in caption


@pytest.mark.parametrize("curve", [[], None])
def test_without_a_curve_only_the_bars_are_drawn(curve: list | None) -> None:
    assert len(plot_comparison(changed(curve=curve))) == 1


def test_a_single_seed_has_no_whiskers_and_the_caption_says_so() -> None:
    comparison = changed(contestants={"baseline": contestant(0.4)}, curve=[])
    (bars,) = plot_comparison(comparison)
    assert len(bars.collections) == 0
    assert "one seed: no interval" in bars.figure.get_supxlabel()


def test_without_labels_per_class_the_curve_runs_over_labels() -> None:
    comparison = changed(labels_per_class=None)
    for point in comparison["curve"]:
        point["labels_per_class"] = None
    curve = plot_comparison(comparison)[1]
    assert curve.get_xlabel() == "Labels"
    assert curve.lines[0].get_xdata().tolist() == [200, 2000]


@pytest.mark.parametrize(
    ("labels_per_class", "text"), [(1.0, "1"), (2.5, "2.5"), (1000.0, "1,000"), (45000.0, "45,000")]
)
def test_labels_per_class_are_written_in_full(labels_per_class: float, text: str) -> None:
    comparison = changed(labels_per_class=labels_per_class)
    comparison["curve"][0]["labels_per_class"] = labels_per_class
    bars, curve = plot_comparison(comparison)
    assert text in [label.get_text() for label in curve.get_xticklabels()]
    assert f"({text} per class)" in bars.figure.get_supxlabel()


def test_an_unknown_contestant_is_drawn_under_its_own_name() -> None:
    contestants = {"random_features": contestant(0.1), **COMPARISON["contestants"]}
    bars = plot_comparison(changed(contestants=contestants))[0]
    assert bars.get_xticklabels()[-1].get_text() == "Random\nfeatures"


@settings(deadline=None, max_examples=15)
@given(seeds=st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_any_accuracies_can_be_drawn_and_stay_inside_the_panel(seeds: list[float]) -> None:
    comparison = changed(contestants={"linear_probe": contestant(*seeds)}, curve=[])
    (bars,) = plot_comparison(comparison)
    bars.figure.draw_without_rendering()
    assert bars.get_ylim()[1] > max(seeds)


def test_the_picture_is_1200_pixels_wide(tmp_path: pathlib.Path) -> None:
    from PIL import Image

    save_figure(plot_comparison(COMPARISON)[0].figure, tmp_path / "comparison.png")
    with Image.open(tmp_path / "comparison.png") as picture:
        assert picture.width == 1200
