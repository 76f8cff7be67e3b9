import pytest

from simclr_tf.plots import new_figure, plot_label_curve


def part(*seeds):
    return {"mean": sum(seeds) / len(seeds), "seeds": list(seeds)}


CURVE = {
    "name": "colours",
    "measure": "knn_accuracy",
    "curve": [
        {"labels": 3, "labels_per_class": 1, "contestants": {"simclr_supcon": part(0.2, 0.4)}},
        {"labels": 30, "labels_per_class": 10, "contestants": {"simclr_supcon": part(0.5, 0.7)}},
    ],
    "seeds": [0, 1],
    "split": {"train": 1200, "test": 30},
}


def test_the_means_stand_against_the_labels_per_class():
    axes = plot_label_curve(CURVE)
    (line,) = axes.get_lines()
    assert line.get_label() == "SimCLR, SupCon"
    assert list(line.get_xdata()) == [1, 10]
    assert list(line.get_ydata()) == pytest.approx([0.3, 0.6])


def test_the_figure_says_what_was_measured_and_how_often():
    figure = new_figure(9.6, 5.4)
    plot_label_curve(CURVE, figure)
    assert figure.get_suptitle() == "Knn accuracy against the number of labels"
    assert figure.get_supxlabel() == (
        "colours  ·  1,200 train  ·  30 test  ·  2 seeds, bands: 95 % interval of their mean"
    )


def test_the_highest_value_is_within_the_panel():
    axes = plot_label_curve(CURVE)
    assert axes.get_ylim()[1] >= 0.7
