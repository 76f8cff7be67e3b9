import numpy as np
import pytest

from simclr_tf.plots import new_figure, plot_before_after, save_figure


def part(top_1, classes, **more):
    return {
        "top_1": top_1,
        "top_3": top_1 + 0.1,
        "map_at_r": top_1 / 2,
        "ci95": {"top_1": [top_1 - 0.05, top_1 + 0.03]},
        "per_class": {name: {"count": 3, "top_1": value} for name, value in classes.items()},
        "queries": 6,
        **more,
    }


METRICS = {
    "name": "scenes",
    "objective": "supcon",
    "labels": 1200,
    "before": part(0.5, {"sea": 0.2, "forest": 0.8}, knn_accuracy=0.4),
    "after": part(0.75, {"sea": 0.9, "forest": 0.7}, knn_accuracy=0.6),
}


def test_the_bars_hold_every_measure_that_both_have():
    bars, _ = plot_before_after(METRICS)
    heights = [bar.get_height() for bar in bars.patches]
    assert heights == pytest.approx([0.5, 0.6, 0.25, 0.4, 0.75, 0.85, 0.375, 0.6])
    labels = [label.get_text() for label in bars.get_xticklabels()]
    assert labels == ["top 1", "top 3", "mAP@R", "kNN\naccuracy"]
    assert [text.get_text() for text in bars.get_legend().get_texts()] == ["before", "after"]


def test_whiskers_are_the_stored_intervals():
    bars, _ = plot_before_after(METRICS)
    ends = [collection.get_segments()[0][:, 1] for collection in bars.collections]
    np.testing.assert_allclose(ends, [[0.45, 0.53], [0.7, 0.78]])


def test_classes_are_joined_from_before_to_after_with_the_best_on_top():
    _, classes = plot_before_after(METRICS)
    assert [label.get_text() for label in classes.get_yticklabels()] == ["forest", "sea"]
    before, after = (points.get_offsets().data for points in classes.collections)
    np.testing.assert_allclose(before, [[0.8, 0], [0.2, 1]])
    np.testing.assert_allclose(after, [[0.7, 0], [0.9, 1]])


def test_of_many_classes_those_that_changed_most_are_shown():
    # Class number i changes by i / 100: the last 20 of 50.
    names = [f"c{number:02d}" for number in range(50)]
    before = part(0.1, {name: 0.1 for name in names})
    after = part(0.3, {name: 0.1 + number / 100 for number, name in enumerate(names)})
    _, classes = plot_before_after({"before": before, "after": after})
    assert [label.get_text() for label in classes.get_yticklabels()] == names[30:]
    assert "the 20 that changed most" in classes.get_title(loc="left")


def test_the_title_says_what_changed_and_the_caption_what_was_measured():
    bars, _ = plot_before_after(METRICS)
    assert bars.figure.get_suptitle().endswith("50.0 % → 75.0 %")
    caption = bars.figure.get_supxlabel()
    assert caption.startswith("scenes  ·  supcon  ·  1,200 labels") and "6 queries" in caption


def test_a_long_class_name_is_cut_at_its_begin():
    name = "Packages/Milk/Arla-Standard-Milk"
    metrics = {"before": part(0.1, {name: 0.1}), "after": part(0.2, {name: 0.2})}
    (label,) = plot_before_after(metrics)[1].get_yticklabels()
    assert label.get_text() == "…rla-Standard-Milk"


def test_it_draws_into_the_given_figure_and_can_be_saved(tmp_path):
    figure = new_figure()
    bars, classes = plot_before_after(METRICS, figure)
    assert bars.figure is classes.figure is figure
    save_figure(figure, tmp_path / "before_after.png")
    assert (tmp_path / "before_after.png").stat().st_size > 10_000
