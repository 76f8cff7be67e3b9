import pytest

from simclr_tf.plots import plot_benchmark, save_figure


def row(ratio, target=None, part="step"):
    return {"part": part, "case": "small", "peer_name": "peer", "ratio": ratio, "target": target}


def test_each_bar_reaches_from_1_to_its_ratio():
    axes = plot_benchmark([row(2.0), row(0.5)])
    spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert spans == [(1.0, 2.0), (1.0, 0.5)]


def test_rows_without_a_ratio_are_left_out():
    axes = plot_benchmark([row(None), row(3.0, part="loss"), row(None)])
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["loss: small\nagainst peer"]


def test_a_bar_that_misses_its_target_has_another_colour():
    axes = plot_benchmark([row(2.0, 1.5), row(1.2, 1.5), row(0.5)])
    reached, missed, without = (bar.get_facecolor() for bar in axes.patches)
    assert reached == without != missed


def test_a_target_is_an_upright_line_at_its_ratio():
    axes = plot_benchmark([row(2.0, 1.5), row(2.0)])
    lines = [line.get_xdata() for line in axes.lines]
    assert [list(data) for data in lines] == [[1.5, 1.5], [1.0, 1.0]]


def test_the_first_row_is_on_top_and_everything_is_in_sight():
    axes = plot_benchmark([row(0.01), row(50.0, 80.0)])
    low, high = axes.get_xlim()
    assert low < 0.01 and high > 80
    assert axes.get_ylim() == (1.5, -0.5)


def test_the_chart_is_written(tmp_path):
    save_figure(plot_benchmark([row(2.0)]).figure, tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_no_row_with_a_ratio_is_an_error():
    with pytest.raises(ValueError, match="`rows` must hold a row with a ratio"):
        plot_benchmark([row(None)])
