from __future__ import annotations

import doctest
import json

import numpy as np
import pytest

from simclr_tf.metrics import RetrievalReport, retrieval


def report(values, labels, **counts):
    return RetrievalReport(
        values={name: np.asarray(line, float) for name, line in values.items()},
        labels=np.asarray(labels),
        rows=np.arange(len(labels)),
        **{"num_lone": 0, "num_unlabelled": 0, **counts},
    )


# Three queries of class 0, all right, and one of class 2, wrong.
UNEVEN = report({"top_1": [1, 1, 1, 0], "map": [1, 0.5, 0, 0.25]}, [0, 0, 0, 2])


def test_the_example_of_evaluate_retrieval_is_right() -> None:
    results = doctest.testmod(retrieval)
    assert results.attempted >= 4 and results.failed == 0


def test_micro_is_the_mean_over_queries() -> None:
    # (1 + 1 + 1 + 0) / 4 and (1 + .5 + 0 + .25) / 4
    assert UNEVEN.micro() == {"top_1": 0.75, "map": 0.4375}


def test_macro_is_the_mean_over_classes() -> None:
    # (3/3 + 0/1) / 2 and (1.5/3 + .25/1) / 2
    assert UNEVEN.macro() == {"top_1": 0.5, "map": 0.375}


def test_each_class_has_its_count_and_means() -> None:
    expected = {
        "apples": {"count": 3, "top_1": 1.0, "map": 0.5},
        "pears": {"count": 1, "top_1": 0.0, "map": 0.25},
    }
    assert UNEVEN.per_class(["apples", "none", "pears"]) == expected
    assert list(UNEVEN.per_class()) == ["0", "2"]


@pytest.mark.parametrize("average", ["micro", "macro"])
def test_the_interval_of_equal_values_is_that_value(average) -> None:
    same = report({"top_1": [0.5] * 6}, [0, 0, 0, 1, 1, 2])
    assert same.intervals(average=average)["top_1"] == pytest.approx((0.5, 0.5))


def test_the_micro_interval_is_that_of_a_binomial_share() -> None:
    values = np.repeat([1, 0], [300, 100])
    low, high = report({"top_1": values}, np.zeros(400, int)).intervals()["top_1"]
    # .75 +- 1.96 * sqrt(.75 * .25 / 400) = .75 +- .0424
    assert (low, high) == pytest.approx((0.7076, 0.7924), abs=0.008)


def test_the_macro_interval_covers_the_macro_mean_and_not_the_micro_mean() -> None:
    values = np.repeat([1, 0], [380, 20])
    labels = np.repeat([0, 1], [380, 20])
    low, high = report({"top_1": values}, labels).intervals(average="macro")["top_1"]
    # Class 0 is always right and class 1 always wrong: (1 + 0) / 2, however they are drawn.
    assert (low, high) == pytest.approx((0.5, 0.5))


def test_intervals_repeat_with_the_seed_and_widen_with_the_confidence() -> None:
    first = UNEVEN.intervals(seed=3)
    assert first == UNEVEN.intervals(seed=3)
    narrow, wide = UNEVEN.intervals(confidence=0.5)["map"], UNEVEN.intervals()["map"]
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


def test_the_summary_can_be_written_as_json() -> None:
    summary = report({"top_1": [1, 0]}, [1, 1], num_lone=2, num_unlabelled=3).summary()
    read = json.loads(json.dumps(summary))
    assert read["top_1"] == 0.5 and read["per_class"] == {"1": {"count": 2, "top_1": 0.5}}
    assert (read["queries"], read["left_out_lone"], read["left_out_unlabelled"]) == (2, 2, 3)
    assert read["ci95"]["top_1"][0] <= 0.5 <= read["ci95"]["top_1"][1]
    assert read["macro"] == {"top_1": 0.5} and "top_1" in read["macro_ci95"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"average": "weighted"}, "`average` must be one of: micro, macro"),
        ({"resamples": 0}, "`resamples` must be at least 1"),
        ({"confidence": 1.5}, "`confidence` must be between 0.0 and 1.0"),
    ],
)
def test_intervals_that_cannot_be_are_refused(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        UNEVEN.intervals(**arguments)
