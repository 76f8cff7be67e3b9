from __future__ import annotations

import pathlib

import numpy as np
import pytest

from simclr_tf.plots import new_figure, plot_curves

ROWS = [
    {
        "epoch": epoch,
        "loss": 5.0 - epoch,
        "val_loss": 5.5 - epoch,
        "contrastive_accuracy": epoch / 10,
        "probe_accuracy": epoch / 20,
        "learning_rate": 0.1,
        "epoch_seconds": 12.0,
    }
    for epoch in (1, 2, 3)
]


def test_each_kind_of_metric_has_a_panel_and_other_columns_have_none() -> None:
    titles = [panel.get_title(loc="left") for panel in plot_curves(ROWS)]
    assert titles == ["Loss", "Contrastive accuracy", "Probe accuracy", "Learning rate"]


def test_lines_hold_the_values_against_the_epoch() -> None:
    line = plot_curves(ROWS)[0].lines[0]
    assert line.get_xdata().tolist() == [1, 2, 3]
    assert line.get_ydata().tolist() == [4, 3, 2]


def test_validation_shares_panel_and_colour_and_is_dashed() -> None:
    training, validation = plot_curves(ROWS)[0].lines
    assert (training.get_label(), validation.get_label()) == ("loss", "val_loss")
    assert training.get_color() == validation.get_color()
    assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")


def test_only_columns_that_exist_are_drawn() -> None:
    panels = plot_curves([{"loss": 1.0}, {"loss": 0.5}])
    assert len(panels) == 1
    assert panels[0].lines[0].get_xdata().tolist() == [1, 2]


def test_a_csv_with_empty_cells_gives_the_known_points(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,loss,val_loss\n1,4,\n2,3,3.5\n3,nan,\n", encoding="utf-8")
    training, validation = plot_curves(path)[0].lines
    assert training.get_xydata().tolist() == [[1, 4], [2, 3]]
    assert validation.get_xydata().tolist() == [[2, 3.5]]


def test_a_single_epoch_is_visible_as_a_point() -> None:
    assert plot_curves([{"epoch": 1, "loss": 2.0}])[0].lines[0].get_marker() == "o"


def test_a_given_figure_is_used() -> None:
    figure = new_figure()
    assert all(panel.figure is figure for panel in plot_curves(ROWS, figure))


@pytest.mark.parametrize("rows", [[], [{"epoch": 1, "seconds": 2.0}], [{"loss": ""}]])
def test_rows_with_nothing_to_draw_are_refused(rows: list) -> None:
    with pytest.raises(ValueError, match=f"`rows` must hold numbers .* Received: {len(rows)} rows"):
        plot_curves(rows)


def test_equal_inputs_give_equal_lines() -> None:
    first, second = plot_curves(ROWS), plot_curves(ROWS)
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.lines[0].get_xydata(), other.lines[0].get_xydata())
