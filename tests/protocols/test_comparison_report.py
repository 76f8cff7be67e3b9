import dataclasses
import json

import numpy as np
import pytest

from simclr_tf.protocols import format_table
from simclr_tf.protocols.comparison_report import CONTESTANTS, summarise
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.settings import ComparisonSettings, PretrainSettings, SupervisedSettings

SETTINGS = ComparisonSettings(
    PretrainSettings(),
    SupervisedSettings(),
    SupervisedSettings(),
    LabelBudget(labels_per_class=4),
    curve=(2,),
    seeds=(0, 1, 2),
)
PROBE = (0.70, 0.72, 0.74)
BASELINE = (0.60, 0.61, 0.65)


def result(labels, probe, baseline, seconds=1.0):
    accuracies = {
        "linear_probe": probe,
        "knn_probe": probe - 0.1,
        "fine_tuned": baseline + 0.01,
        "baseline": baseline,
    }
    reports = {
        name: {"accuracy": value, "macro_accuracy": value - 0.02, "seconds": seconds}
        for name, value in accuracies.items()
    }
    return {"labels": labels, **reports}


@pytest.fixture
def comparison(splits):
    few = [result(6, probe - 0.2, base - 0.3) for probe, base in zip(PROBE, BASELINE, strict=True)]
    many = [
        result(12, probe, base, seconds)
        for probe, base, seconds in zip(PROBE, BASELINE, (1.0, 2.0, 6.0), strict=True)
    ]
    results = {LabelBudget(labels_per_class=4): many, LabelBudget(labels_per_class=2): few}
    return summarise(splits, SETTINGS, results, pretrain_seconds=[10.0, 20.0, 60.0])


def test_each_contestant_has_mean_spread_seeds_and_seconds(comparison):
    probe = comparison["contestants"]["linear_probe"]
    assert probe["seeds"] == list(PROBE)
    assert probe["mean"] == pytest.approx(0.72)
    # Deviations -.02, 0, .02: sqrt((.0004 + 0 + .0004) / 2) = .02.
    assert probe["std"] == pytest.approx(0.02)
    assert probe["macro_mean"] == pytest.approx(0.70)
    # (1 + 2 + 6) / 3.
    assert probe["seconds"] == pytest.approx(3.0)
    assert tuple(comparison["contestants"]) == CONTESTANTS


def test_the_difference_is_that_of_the_pairs_of_a_seed(comparison):
    # .10, .11, .09: mean .10, deviation .01; Student's t of 2 degrees is 4.3027 at 97.5 %:
    # .10 ± 4.3027 · .01 / sqrt(3) = .10 ± .02484.
    difference = comparison["difference"]
    assert difference["per_seed"] == pytest.approx([0.10, 0.11, 0.09])
    assert difference["mean"] == pytest.approx(0.10)
    assert difference["ci95"] == pytest.approx([0.07516, 0.12484], abs=1e-5)


def test_the_verdict_says_who_won(comparison):
    assert comparison["verdict"] == (
        "The SimCLR probe beat the supervised baseline by 10.0 points (95 % interval 7.5 to 12.5)."
    )


def test_the_fine_tuned_encoder_is_compared_as_well(comparison):
    # .01 more than the baseline in each seed.
    assert comparison["fine_tuned_difference"]["mean"] == pytest.approx(0.01)
    assert "fine-tuned SimCLR" in comparison["fine_tuned_verdict"]


def test_the_budget_of_the_table_comes_first_in_the_curve(comparison):
    assert [point["labels"] for point in comparison["curve"]] == [12, 6]
    # 12 and 6 labels of 3 classes.
    assert [point["labels_per_class"] for point in comparison["curve"]] == [4.0, 2.0]
    assert comparison["labels"] == 12
    few = comparison["curve"][1]["contestants"]["baseline"]
    # (.30 + .31 + .35) / 3.
    assert few["mean"] == pytest.approx(0.32)


def test_without_further_budgets_there_is_no_curve(splits):
    results = {SETTINGS.budget: [result(12, 0.5, 0.4)]}
    settings = dataclasses.replace(SETTINGS, curve=(), seeds=(7,))
    assert summarise(splits, settings, results, [1.0])["curve"] == []


def test_what_was_compared_is_told(comparison):
    assert comparison["name"] == "colours"
    assert comparison["fingerprint"] == "c0ffee"
    assert comparison["split"] == {"train": 28, "validation": 12, "test": 12}
    assert comparison["classes"] == 3
    assert comparison["seeds"] == [0, 1, 2]
    assert comparison["label_budget"] == "4_per_class"
    assert comparison["settings"]["budget"]["labels_per_class"] == 4
    assert comparison["pretraining"]["seconds"] == pytest.approx(30.0)
    assert "tensorflow" in comparison["versions"]


def test_the_summary_is_plain_enough_for_json(comparison):
    assert json.loads(json.dumps(comparison))["difference"]["mean"] == pytest.approx(0.10)


def test_one_seed_gives_no_interval(splits):
    settings = dataclasses.replace(SETTINGS, curve=(), seeds=(7,))
    comparison = summarise(splits, settings, {SETTINGS.budget: [result(12, 0.5, 0.4)]}, [1.0])
    assert comparison["difference"]["ci95"] is None
    assert comparison["contestants"]["baseline"]["std"] == 0.0
    assert comparison["verdict"].startswith("From a single seed")


def test_the_table_shows_per_cent_and_seconds(comparison):
    lines = format_table(comparison).splitlines()
    assert lines[0] == "colours: test accuracy in %, 12 labels (4 per class), 3 seeds"
    rows = {line[:14].strip(): line[14:].split() for line in lines[3:8]}
    assert rows["linear probe"] == ["72.0", "2.0", "70.0", "72.0", "74.0", "3"]
    # .60, .61, .65: mean .62, deviation sqrt((.0004 + .0001 + .0009) / 2) = .0265.
    assert rows["baseline"] == ["62.0", "2.6", "60.0", "61.0", "65.0", "3"]
    assert rows["pretraining"] == ["30"]
    assert comparison["verdict"] in lines
    assert comparison["fine_tuned_verdict"] in lines


def test_the_columns_of_the_table_stand_below_their_heads(comparison):
    head, *rows = format_table(comparison).splitlines()[2:8]
    assert {len(row) for row in rows} == {len(head)}


def test_the_table_speaks_of_one_seed(splits):
    settings = dataclasses.replace(SETTINGS, curve=(), seeds=(7,))
    comparison = summarise(splits, settings, {SETTINGS.budget: [result(12, 0.5, 0.4)]}, [1.0])
    assert format_table(comparison).splitlines()[0].endswith("(4 per class), 1 seed")


def test_accuracies_are_finite_numbers(comparison):
    numbers = [
        contestant[name]
        for contestant in comparison["contestants"].values()
        for name in ("mean", "std", "macro_mean", "seconds")
    ]
    assert np.isfinite(numbers).all()
