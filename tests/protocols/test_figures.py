import pytest

from simclr_tf.protocols.figures import check_figure, figure_lines, flat_figures, shown_name

RETRIEVAL = {"top_1": 0.25, "top_3": 0.5, "top_5": 0.75, "map_at_r": 0.125}
COARSE = {name: value + 0.1 for name, value in RETRIEVAL.items()}
REPORT = {
    "knn_accuracy": 0.375,
    **RETRIEVAL,
    "queries": 12,
    "per_class": {},
    "broader": {"coarse": {"classes": 2, **COARSE, "ci95": {}}},
}


def test_figures_come_in_one_order_the_broader_classes_last():
    flat = flat_figures(REPORT)
    assert list(flat) == [
        *("top_1", "top_3", "top_5", "map_at_r", "knn_accuracy"),
        *("coarse/top_1", "coarse/top_3", "coarse/top_5", "coarse/map_at_r"),
    ]
    assert (flat["knn_accuracy"], flat["coarse/top_1"]) == (0.375, 0.35)


def test_every_name_that_a_report_gives_may_be_asked_for():
    for name in (*flat_figures(REPORT), "classifier_accuracy", "level 2/top_5"):
        check_figure("report_figures", name)


@pytest.mark.parametrize(
    ("name", "accepted"),
    [("top_2", "top_1, .*classifier_accuracy"), ("coarse/knn_accuracy", "top_1, .*map_at_r")],
)
def test_other_names_are_refused_with_those_that_there_are(name, accepted):
    with pytest.raises(ValueError, match=f"`figures` must be one of: {accepted}. Received: fig"):
        check_figure("figures", name)


def test_lines_have_a_row_a_figure_and_a_column_a_report():
    lines = figure_lines({"before": {"top_3": 0.5}, "after": {"top_1": 1.0, "top_3": 0.625}})
    assert [line.split() for line in lines] == [
        ["before", "after"],
        # Only the later report has it, and it still comes first.
        ["top", "1", "-", "100.0"],
        ["top", "3", "50.0", "62.5"],
    ]
    assert len({len(line) for line in lines}) == 1


def test_names_are_shown_in_words():
    assert shown_name("level 2/map_at_r") == "level 2 map at r"
