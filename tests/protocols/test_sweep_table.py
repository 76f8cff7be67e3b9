import csv
import json
import math

import pytest

from simclr_tf.protocols import run_sweep, write_results
from simclr_tf.protocols.sweep_table import format_results, sweep_results
from tests.protocols.made_runs import make_record, make_run

TEST = {"top_1": 0.875, "top_3": 1.0, "top_5": 1.0, "map_at_r": 0.5, "knn_accuracy": 0.75}


def swept(run_dir, runs, *grid):
    """A record whose runs have the given figures; a text is the reason of a failure."""
    record = make_record(run_dir, *(grid or ("margin=" + ",".join(f"0.{n + 1}" for n in runs),)))
    places = iter(runs.values())

    def train(values, resume):
        figures = next(places)
        if isinstance(figures, str):
            return figures
        make_run(run_dir, **figures)
        return None

    run_sweep(record, train)
    return record


@pytest.fixture
def record(tmp_path):
    return swept(
        tmp_path,
        {
            0: {"top_1": (0.25, 0.5, 0.5)},
            1: "no memory",
            2: {"top_1": (0.75, 0.125), "test": {**TEST, "per_class": {}}},
            3: {"top_1": (math.nan, math.nan)},
        },
    )


def test_runs_are_sorted_by_the_best_epoch_of_the_monitor(record):
    results = sweep_results(record)
    assert (results["metric"], results["less_is_better"]) == ("val_top_1", False)
    found = [(row["rank"], row["margin"], row.get("val_top_1")) for row in results["runs"]]
    # A figure that is no number comes after all numbers, and a failure last.
    assert found == [(1, 0.3, 0.75), (2, 0.1, 0.5), (None, 0.4, None), (None, 0.2, None)]
    assert [row["status"] for row in results["runs"]] == ["finished"] * 3 + ["failed"]
    assert results["runs"][3]["reason"] == "no memory"


def test_other_figures_are_those_of_the_same_epoch(record):
    row = sweep_results(record)["runs"][1]
    # The second of the epochs with .25, .5, .5: the first of the best ones.
    assert row["best_epoch"] == 2
    assert row["val_map_at_r"] == 0.25
    assert row["training_seconds"] == 4.5  # 3 epochs of 1.5 seconds


def test_the_best_run_alone_has_test_figures(record):
    assert sweep_results(record)["best"] == {
        "version": 1,
        "values": {"margin": 0.3},
        "val_top_1": 0.75,
        "test": TEST,
    }


def test_less_of_a_loss_is_better(tmp_path):
    # Losses of an epoch are 2 / epoch: 1 after two, 2 after one.
    monitored = {"monitor": "loss", "mode": "min"}
    runs = {0: {"top_1": (0.9,), **monitored}, 1: {"top_1": (0.1, 0.1), **monitored}}
    results = sweep_results(swept(tmp_path, runs))
    assert (results["metric"], results["less_is_better"]) == ("loss", True)
    assert [(row["margin"], row["loss"]) for row in results["runs"]] == [(0.2, 1.0), (0.1, 2.0)]


def test_another_figure_may_sort_the_runs(record):
    results = sweep_results(record, "val_map_at_r")
    assert [row["val_map_at_r"] for row in results["runs"][:2]] == [0.375, 0.25]
    with pytest.raises(ValueError, match="`metric` must be one of: loss, val_top_1, val_map_at_r"):
        sweep_results(record, "accuracy")


def test_the_table_is_written_as_csv_and_json(record, tmp_path):
    results = write_results(record)
    assert json.loads((tmp_path / "results.json").read_text()) == results
    with open(tmp_path / "results.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["version"] for row in table] == ["1", "0", "2", ""]
    assert (table[0]["rank"], table[0]["val_top_1"], table[3]["reason"]) == (
        "1",
        "0.75",
        "no memory",
    )


def test_the_printed_table_says_everything_in_lines(record):
    lines = format_results(sweep_results(record)).splitlines()
    assert lines[0].split() == [
        *("rank", "version", "margin", "val_top_1", "best_epoch", "training_seconds")
    ]
    assert lines[1].split() == ["1", "1", "0.3", "0.75", "1", "3"]
    assert lines[3].split() == ["-", "2", "0.4", "-", "1", "3"]
    assert lines[4].split() == ["-", "-", "0.2", "-", "-", "failed:", "no", "memory"]
    assert lines[6] == (
        "On test, version_1, the best on validation: top 1 87.5 %, top 3 100.0 %, "
        "top 5 100.0 %, map at r 50.0 %, knn accuracy 75.0 %"
    )


def test_a_sweep_without_a_finished_run_has_no_best(tmp_path):
    results = write_results(swept(tmp_path, {0: "no memory"}))
    assert (results["metric"], results["best"]) == ("", None)
    assert format_results(results).splitlines()[1].endswith("failed: no memory")
