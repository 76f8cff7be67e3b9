from __future__ import annotations

import numpy as np
import pytest

from simclr_tf.evaluation import (
    accuracy_difference_bootstrap,
    mean_and_std,
    paired_difference,
    verdict,
)


def test_the_standard_deviation_divides_by_n_minus_one() -> None:
    # mean 3; squares 1 + 0 + 1 = 2; sqrt(2 / 2) = 1
    assert mean_and_std([2.0, 3.0, 4.0]) == (3.0, 1.0)


def test_a_single_value_has_no_spread() -> None:
    assert mean_and_std([0.7]) == (0.7, 0.0)


def test_no_values_are_refused() -> None:
    with pytest.raises(ValueError, match=r"`len\(values\)` must be at least 1"):
        mean_and_std([])


def test_the_paired_interval_of_a_case_worked_by_hand() -> None:
    # Differences .1, .2, .3: mean .2, standard deviation .1, t(.975, 2) = 4.302653,
    # half width 4.302653 * .1 / sqrt(3) = .248414
    difference = paired_difference([0.6, 0.6, 0.6], [0.5, 0.4, 0.3])
    assert difference["mean"] == pytest.approx(0.2)
    assert difference["ci95"] == pytest.approx([0.2 - 0.248414, 0.2 + 0.248414], abs=1e-6)
    assert difference["per_seed"] == pytest.approx([0.1, 0.2, 0.3])


def test_pairing_takes_out_what_both_share() -> None:
    # Seeds differ by 40 points, the contestants by 1 point in each.
    difference = paired_difference([0.3, 0.5, 0.7], [0.29, 0.49, 0.69])
    assert difference["ci95"] == pytest.approx([0.01, 0.01])


def test_another_confidence_has_another_name() -> None:
    # t(.95, 2) = 2.919986; half width 2.919986 * .1 / sqrt(3) = .168586
    difference = paired_difference([0.1, 0.2, 0.3], [0.0, 0.0, 0.0], confidence=0.9)
    assert "ci95" not in difference
    assert difference["ci90"] == pytest.approx([0.2 - 0.168586, 0.2 + 0.168586], abs=1e-6)


def test_a_single_seed_has_no_interval() -> None:
    difference = paired_difference([0.6], [0.5])
    assert difference["ci95"] is None
    assert difference["mean"] == pytest.approx(0.1)


def test_different_numbers_of_seeds_are_refused() -> None:
    with pytest.raises(ValueError, match=r"same shape \[seeds\], not empty. Received: \(2,\)"):
        paired_difference([0.1, 0.2], [0.1])


def test_the_bootstrap_interval_of_one_seed_is_that_of_a_proportion() -> None:
    # a is right where b is not on 100 of 400 pictures, never the reverse: mean .25,
    # standard error sqrt(.25 * .75 / 400) = .02165, 1.96 times that = .0424
    correct_a, correct_b = np.ones((1, 400), bool), np.ones((1, 400), bool)
    correct_b[0, :100] = False
    difference = accuracy_difference_bootstrap(correct_a, correct_b, seed=0)
    assert difference["mean"] == 0.25
    assert difference["ci95"] == pytest.approx([0.25 - 0.0424, 0.25 + 0.0424], abs=0.006)


def test_the_bootstrap_interval_widens_with_the_spread_over_seeds() -> None:
    # Both cases: mean .5. Alike: each seed is right on the same half of the pictures.
    # Apart: two seeds right on all pictures, two on none.
    never = np.zeros((4, 1000), bool)
    alike, apart = never.copy(), never.copy()
    alike[:, ::2] = True
    apart[:2] = True
    low_alike, high_alike = accuracy_difference_bootstrap(alike, never, seed=1)["ci95"]
    low_apart, high_apart = accuracy_difference_bootstrap(apart, never, seed=1)["ci95"]
    # 2 * 1.96 * sqrt(.25 / 1000) = .062; the mean of four seeds of 0 or 1 spans 0 to 1.
    assert high_alike - low_alike == pytest.approx(0.062, abs=0.01)
    assert (low_apart, high_apart) == (0.0, 1.0)


def test_contestants_that_agree_have_no_difference() -> None:
    correct = np.random.default_rng(0).random((3, 50)) < 0.5
    difference = accuracy_difference_bootstrap(correct, correct, seed=0)
    assert difference == {"mean": 0.0, "ci95": [0.0, 0.0]}


def test_the_bootstrap_repeats_with_its_seed() -> None:
    generator = np.random.default_rng(0)
    a, b = generator.random((2, 3, 60)) < 0.5
    first, again, other = (
        accuracy_difference_bootstrap(a, b, seed, resamples=100) for seed in (1, 1, 2)
    )
    assert first == again
    assert first["ci95"] != other["ci95"]


def test_different_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match=r"same shape \[seeds, pictures\]"):
        accuracy_difference_bootstrap(np.ones((2, 5), bool), np.ones((2, 4), bool), seed=0)


@pytest.mark.parametrize(
    ("mean", "interval", "sentence"),
    [
        (
            0.112,
            [0.08, 0.144],
            "The linear probe beat the baseline by 11.2 points (95 % interval 8.0 to 14.4).",
        ),
        (
            -0.031,
            [-0.052, -0.01],
            "The baseline beat the linear probe by 3.1 points (95 % interval 1.0 to 5.2).",
        ),
        (
            0.012,
            [-0.005, 0.029],
            "The difference between the linear probe and the baseline is within noise: "
            "+1.2 points (95 % interval -0.5 to +2.9).",
        ),
        (
            0.0,
            [0.0, 0.0],
            "The difference between the linear probe and the baseline is within noise: "
            "+0.0 points (95 % interval +0.0 to +0.0).",
        ),
        (
            -0.02,
            None,
            "From a single seed the linear probe differs from the baseline by -2.0 points; "
            "without an interval this may be noise.",
        ),
    ],
)
def test_the_verdict_says_who_won(mean: float, interval: list | None, sentence: str) -> None:
    assert verdict("linear_probe", "baseline", {"mean": mean, "ci95": interval}) == sentence
