"""How well the cosine of two pictures tells whether they are of one class."""

from __future__ import annotations

from typing import Any

import numpy as np

from simclr_tf.data.picture_set import UNLABELLED
from simclr_tf.metrics import (
    PairSimilarities,
    accept_threshold,
    accepted_share,
    area_under_roc,
    pair_similarities,
)
from simclr_tf.protocols.analysis.settings import AnalysisSettings

_RATES = (0.1, 0.01, 0.001)


def measure_pairs(
    vectors: np.ndarray, labels: np.ndarray, settings: AnalysisSettings
) -> tuple[dict[str, Any], PairSimilarities] | None:
    """Returns figures of same and different pairs, and the pairs' cosines.

    Every threshold accepts at most its share of the different pairs. The chosen one is also
    checked: set on one half of the pictures, measured on pairs of the other half.

    Returns:
        None where there are no pairs of one of the kinds. Of the figures, `thresholds` lacks rates
        for which there are too few different pairs, and `check` is None where a half has too few.
    """
    pairs = pair_similarities(vectors, labels, settings.max_pairs, settings.seed)
    if not len(pairs.same) or not len(pairs.different):
        return None
    figures = {
        "area_under_roc": area_under_roc(pairs.same, pairs.different),
        "mean_same": float(pairs.same.mean(dtype=np.float64)),
        "mean_different": float(pairs.different.mean(dtype=np.float64)),
        # Equation 4 of Wang and Isola with alpha 2, where |a - b|^2 = 2 - 2 cos.
        "alignment": float(2 - 2 * pairs.same.mean(dtype=np.float64)),
        "pairs_same": pairs.num_same,
        "pairs_different": pairs.num_different,
        "looked_at_same": len(pairs.same),
        "looked_at_different": len(pairs.different),
        "thresholds": [
            _threshold(pairs, rate)
            for rate in sorted({*_RATES, settings.false_accept_rate}, reverse=True)
            if _is_enough(pairs, rate)
        ],
        "check": _check(vectors, labels, settings),
    }
    return figures, pairs


def chosen_threshold(figures: dict[str, Any], rate: float) -> dict[str, Any] | None:
    """Returns the entry of `thresholds` for that rate; None where there are too few pairs."""
    return next((t for t in figures["thresholds"] if t["false_accept_rate"] == rate), None)


def _is_enough(pairs: PairSimilarities, rate: float) -> bool:
    return len(pairs.same) > 0 and rate * len(pairs.different) >= 1


def _threshold(pairs: PairSimilarities, rate: float) -> dict[str, float]:
    threshold = accept_threshold(pairs.different, rate)
    return {
        "false_accept_rate": rate,
        "threshold": threshold,
        "true_accept_rate": accepted_share(pairs.same, threshold),
    }


def _check(
    vectors: np.ndarray, labels: np.ndarray, settings: AnalysisSettings
) -> dict[str, float] | None:
    """Sets the threshold on half of the pictures of every class and measures it on the others."""
    generator = np.random.default_rng(settings.seed)
    known = generator.permutation(np.flatnonzero(labels != UNLABELLED))
    by_class = known[np.argsort(labels[known], kind="stable")]
    halves = [np.sort(by_class[side::2]) for side in (0, 1)]
    set_on, measured_on = (
        pair_similarities(vectors[half], labels[half], settings.max_pairs, settings.seed)
        for half in halves
    )
    rate = settings.false_accept_rate
    if not _is_enough(set_on, rate) or not _is_enough(measured_on, rate):
        return None
    threshold = accept_threshold(set_on.different, rate)
    return {
        "threshold": threshold,
        "false_accept_rate": accepted_share(measured_on.different, threshold),
        "true_accept_rate": accepted_share(measured_on.same, threshold),
    }
