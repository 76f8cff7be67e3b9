"""Spread over seeds, intervals of a difference, and the sentence drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.stats

from simclr_tf.checks import check_at_least, check_between


def mean_and_std(values: Sequence[float]) -> tuple[float, float]:
    """Returns mean and sample standard deviation (n - 1); the latter is 0 for one value.

    Raises:
        ValueError: `values` is empty.
    """
    check_at_least("len(values)", len(values), 1)
    numbers = np.asarray(values, np.float64)
    spread = numbers.std(ddof=1) if len(numbers) > 1 else 0.0
    return float(numbers.mean()), float(spread)


def paired_difference(
    a: Sequence[float], b: Sequence[float], confidence: float = 0.95
) -> dict[str, Any]:
    """Compares two contestants seed by seed with a Student-t interval.

    Args:
        a: Accuracy of the first contestant for each of `s` seeds, fractions.
        b: Accuracy of the second for the same seeds in the same order.
        confidence: Coverage of the interval, between 0 and 1.

    Returns:
        `mean` of a - b; `ci95` (or `ci90`, ... after `confidence`): `[low, high]`, None
        for a single seed, which tells nothing of the spread; `per_seed`: the `s`
        differences.

    Raises:
        ValueError: Lengths differ, there is no seed, or `confidence` is out of range.
    """
    check_between("confidence", confidence, 0.0, 1.0)
    _check_same_shape(np.shape(a), np.shape(b), dimensions=1)
    differences = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    mean, std = mean_and_std(differences.tolist())
    interval = None
    if len(differences) > 1:
        quantile = scipy.stats.t.ppf((1 + confidence) / 2, len(differences) - 1)
        half_width = float(quantile) * std / len(differences) ** 0.5
        interval = [mean - half_width, mean + half_width]
    return {"mean": mean, _interval_key(confidence): interval, "per_seed": differences.tolist()}


def accuracy_difference_bootstrap(
    correct_a: np.ndarray,
    correct_b: np.ndarray,
    seed: int = 0,
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
) -> dict[str, Any]:
    """Compares two contestants by resampling both test pictures and seeds.

    Every resample draws `s` seeds and `n` pictures with replacement; all drawn seeds
    share the drawn pictures, as they share the test set. With few seeds the interval is
    somewhat too narrow in the part that comes from the seeds (by sqrt((s - 1) / s)), and
    with one seed it covers the choice of test pictures only.

    Args:
        correct_a: Whether the first contestant was right, bool `[s, n]`.
        correct_b: The same for the second, same seeds and pictures.
        seed: Seed of the resampling.
        resamples: Number of resamples, at least 1.
        confidence: Coverage of the interval, between 0 and 1.

    Returns:
        `mean` of accuracy a - b, and `ci95` (or `ci90`, ...): `[low, high]`.

    Raises:
        ValueError: Shapes differ or are empty, or an argument is out of range.

    Reference:
        Owen, The pigeonhole bootstrap, 2007 (two crossed factors).
    """
    check_at_least("resamples", resamples, 1)
    check_between("confidence", confidence, 0.0, 1.0)
    _check_same_shape(np.shape(correct_a), np.shape(correct_b), dimensions=2)
    differences = np.asarray(correct_a, np.float32) - np.asarray(correct_b, np.float32)
    seeds, pictures = differences.shape
    generator = np.random.default_rng(seed)
    means = np.empty(resamples)
    for resample in range(resamples):
        drawn = generator.integers(pictures, size=pictures)
        times_drawn = np.bincount(drawn, minlength=pictures).astype(np.float32)
        per_seed = differences @ times_drawn / pictures
        means[resample] = per_seed[generator.integers(seeds, size=seeds)].mean()
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    mean = float(differences.mean(dtype=np.float64))
    return {"mean": mean, _interval_key(confidence): [float(low), float(high)]}


def verdict(name_a: str, name_b: str, difference: dict[str, Any]) -> str:
    """Says in one plain sentence who won, or that the difference is within noise.

    Args:
        name_a: First contestant; underscores are written as spaces.
        name_b: Second contestant.
        difference: `mean` and `ci95` of accuracy a - b as fractions, as
            `paired_difference` returns them.

    Returns:
        A sentence with the difference in percentage points and its interval.
    """
    name_a, name_b = name_a.replace("_", " "), name_b.replace("_", " ")
    points = 100 * difference["mean"]
    if difference["ci95"] is None:
        return (
            f"From a single seed the {name_a} differs from the {name_b} by {points:+.1f} points; "
            "without an interval this may be noise."
        )
    low, high = (100 * bound for bound in difference["ci95"])
    if low <= 0 <= high:
        return (
            f"The difference between the {name_a} and the {name_b} is within noise: "
            f"{points:+.1f} points (95 % interval {low:+.1f} to {high:+.1f})."
        )
    winner, loser = (name_a, name_b) if low > 0 else (name_b, name_a)
    nearest, farthest = sorted((abs(low), abs(high)))
    return (
        f"The {winner} beat the {loser} by {abs(points):.1f} points "
        f"(95 % interval {nearest:.1f} to {farthest:.1f})."
    )


def _interval_key(confidence: float) -> str:
    return f"ci{100 * confidence:g}"


def _check_same_shape(a: tuple[int, ...], b: tuple[int, ...], dimensions: int) -> None:
    if a != b or len(a) != dimensions or 0 in a:
        shape = ("[seeds]", "[seeds, pictures]")[dimensions - 1]
        raise ValueError(
            f"Both contestants must have the same shape {shape}, not empty. Received: {a} and {b}"
        )
