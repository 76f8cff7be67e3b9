import csv
import json
import math

import pytest

from simclr_tf.protocols import run_sweep, write_results
from simclr_tf.protocols.sweep_summary import check_report
from simclr_tf.protocols.sweep_table import format_results, sweep_results
from tests.protocols.made_runs import make_record, make_run


def figures_on_test(top_1, before=0.25):
    coarse = {"classes": 2, "top_1": 1.0, "top_3": 1.0, "top_5": 1.0, "map_at_r": 0.5}
    return {
        "top_1": top_1,
        "top_3": 0.75,
        "broader": {"coarse": coarse},
        "before": {"top_1": before},
        "after": {"top_1": top_1},
    }


@pytest.fixture
def record(tmp_path):
    """Two objectives of three seeds: one run failed, one figure is no number."""
    record = make_record(tmp_path, "objective=supcon,triplet", "seed=0,1,2")
    figures = {
        ("supcon", 0): {"top_1": (0.5, 0.25), "test": figures_on_test(0.5)},
        ("supcon", 1): {"top_1": (0.75,), "test": figures_on_test(0.75)},
        ("supcon", 2): "no memory",
        ("triplet", 0): {"top_1": (0.125,), "test": figures_on_test(0.25)},
        ("triplet", 1): {"top_1": (0.875,), "test": figures_on_test(0.375)},
        ("triplet", 2): {"top_1": (math.nan,), "test": figures_on_test(0.5)},
    }

    def train(values, resume):
        told = figures[values["objective"], values["seed"]]
        if isinstance(told, str):
            return told
        make_run(tmp_path, **told)
        return None

    run_sweep(record, train)
    return record


def test_runs_that_differ_in_their_seed_are_summed_up_best_mean_first(record):
    first, second = sweep_results(record)["groups"]
    assert (first["values"], first["seeds"]) == ({"objective": "supcon"}, [1, 0])
    # Of .5 and .75: mean .625, sample deviation .25 / sqrt(2).
    assert first["val_top_1"]["mean"] == 0.625
    assert first["val_top_1"]["std"] == pytest.approx(0.25 / math.sqrt(2))
    # Two epochs and one of 1.5 seconds each.
    assert first["training_seconds"]["mean"] == pytest.approx((3.0 + 1.5) / 2)
    # .125 and .875: the best run of all is in the worse group.
    assert second["val_top_1"]["mean"] == 0.5
    assert second["val_top_1"]["std"] == pytest.approx(0.75 / math.sqrt(2))


def test_what_failed_or_is_no_number_is_counted_as_missing(record):
    first, second = sweep_results(record)["groups"]
    assert [len(group["seeds"]) for group in (first, second)] == [2, 2]
    assert [group["missing"] for group in (first, second)] == [1, 1]


def test_test_figures_of_groups_are_given_only_when_asked_for(record):
    assert all("test" not in group for group in sweep_results(record)["groups"])
    first = sweep_results(record, report_test=True)["groups"][0]
    assert first["test"]["top_1"]["mean"] == 0.625
    assert first["test"]["top_1"]["std"] == pytest.approx(0.25 / math.sqrt(2))
    assert first["test"]["coarse/top_1"] == {"mean": 1.0, "std": 0.0}
    assert first["before"] == {"top_1": {"mean": 0.25, "std": 0.0}}


def test_results_hold_the_groups_and_csv_their_mean_beside_each_run(record, tmp_path):
    results = write_results(record)
    assert json.loads((tmp_path / "results.json").read_text()) == results
    with open(tmp_path / "results.csv", newline="") as file:
        table = list(csv.DictReader(file))
    means = [(row["objective"], row["seed"], row["val_top_1_mean"], row["seeds"]) for row in table]
    assert means == [
        ("triplet", "1", "0.5", "2"),
        ("supcon", "1", "0.625", "2"),
        ("supcon", "0", "0.625", "2"),
        ("triplet", "0", "0.5", "2"),
        ("triplet", "2", "", ""),
        ("supcon", "2", "", ""),
    ]
    assert table[0]["val_top_1_std"].startswith("0.53")


def test_the_summary_is_a_table_in_markdown(record, tmp_path):
    write_results(record, report_test=True, figures=["top_1", "coarse/top_1"])
    lines = (tmp_path / "summary.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == [*("objective", "seeds", "val top 1", "top 1", "coarse top 1", "minutes")]
    assert set("".join(cells[1])) == {"-"}
    # .25 / sqrt(2) = .1768; 2.25 seconds are .0375 minutes.
    assert cells[2] == [
        *("supcon", "2 of 3", "62.5 ± 17.7", "25.0 → 62.5 ± 17.7", "100.0 ± 0.0", "0.0")
    ]
    assert cells[3][:2] == ["triplet", "2 of 3"]
    assert len({len(line) for line in lines}) == 1


def test_the_printed_results_end_with_the_table_that_is_written(record, tmp_path):
    results = write_results(record, report_test=True, figures=["top_3"])
    written = (tmp_path / "summary.md").read_text()
    assert "top 3" in written and "top 1 " not in written.replace("val top 1", "")
    assert f"{format_results(results, ['top_3'])}\n".endswith(f":\n{written}")


def test_test_figures_are_printed_of_the_best_run_alone_unless_asked_for(record):
    text = format_results(sweep_results(record))
    assert "Means over seeds, ± standard deviation:\n| objective | seeds" in text
    assert text.count("→") == 0 and text.count("On test, version_") == 1


def test_without_seeds_there_are_no_groups_unless_test_is_to_be_reported(tmp_path):
    record = make_record(tmp_path, "margin=0.1,0.2")
    run_sweep(record, lambda values, resume: make_run(tmp_path, test=figures_on_test(0.5)) and None)
    results = write_results(record)
    assert results["groups"] == [] and not (tmp_path / "summary.md").exists()
    assert "seeds" not in results["runs"][0]
    groups = sweep_results(record, report_test=True)["groups"]
    # The seed of the base, and no deviation of one run.
    assert [(group["values"], group["seeds"]) for group in groups] == [
        ({"margin": 0.1}, [0]),
        ({"margin": 0.2}, [0]),
    ]
    assert groups[0]["test"]["top_1"] == {"mean": 0.5, "std": None}


def test_less_of_a_loss_is_better_and_not_shown_in_percent(tmp_path):
    record = make_record(tmp_path, "objective=supcon,triplet", "seed=0,1")
    epochs = {"supcon": 1, "triplet": 2}

    def train(values, resume):
        count = epochs[values["objective"]]
        make_run(tmp_path, (0.5,) * count, monitor="loss", mode="min")

    run_sweep(record, train)
    results = sweep_results(record)
    # Losses are 2 / epoch.
    assert [group["loss"]["mean"] for group in results["groups"]] == [1.0, 2.0]
    assert "| 1 ± 0 " in format_results(results)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pretrain", True, []), "`report_test` is for sweeps of finetune"),
        (("finetune", False, ["top_1"]), "`report_figures` may be given only with `report_test`"),
        (("finetune", True, ["top_2"]), "`report_figures` must be one of: top_1, top_3"),
    ],
)
def test_a_report_that_cannot_be_made_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        check_report(*arguments)
