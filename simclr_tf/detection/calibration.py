"""From what speaks for a candidate to the probability that it is the symbol."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

# Inverse of the penalty on the weights: strong, for there may be a few dozen symbols only.
_STRENGTH = 0.2
# Evidence farther from the mean than so many standard deviations counts as so far.
_FARTHEST = 5.0
# A score stays away from 0 and 1 by what float64 can tell.
_FARTHEST_LOGIT = 30.0


@dataclasses.dataclass(frozen=True, eq=False)
class Calibration:
    """A logistic model of the evidence and of its products by twos.

    Args:
        means: Of the evidence where it was fitted, float64 `[e]`.
        deviations: Its standard deviations there, greater than 0, float64 `[e]`.
        weights: Of the standardised evidence and its products, float64 `[e + e (e + 1) / 2]`.
        intercept: Added to the weighted sum.
    """

    means: np.ndarray
    deviations: np.ndarray
    weights: np.ndarray
    intercept: float

    def scores(self, evidence: np.ndarray) -> np.ndarray:
        """Returns the probabilities that candidates are right, float64 `[n]`, from 0 to 1.

        Args:
            evidence: `[n, e]`, see `simclr_tf.detection.candidates.EVIDENCE`.
        """
        terms = _terms(evidence, self.means, self.deviations)
        logits = terms @ self.weights + self.intercept
        return 1 / (1 + np.exp(-np.clip(logits, -_FARTHEST_LOGIT, _FARTHEST_LOGIT)))

    def shifted(self, by: float) -> Calibration:
        """Returns the calibration with `by` added to all logits."""
        return dataclasses.replace(self, intercept=self.intercept + by)


def fit_calibration(
    evidence: Sequence[np.ndarray], is_right: Sequence[np.ndarray]
) -> Calibration:
    """Fits a calibration to candidates of which it is known whether they are right.

    Args:
        evidence: Of each page, `[n, e]`.
        is_right: Of each page, bool `[n]`.

    Raises:
        ValueError: No candidate is right, or none is wrong: there is nothing to tell apart.
    """
    # scikit-learn takes a second to import, and only a calibration needs it.
    from sklearn.linear_model import LogisticRegression

    known = np.concatenate(list(evidence)).astype(np.float64)
    right = np.concatenate(list(is_right))
    if right.all() or not right.any():
        raise ValueError(
            "A calibration needs right and wrong candidates. "
            f"Received: {int(right.sum())} right ones of {len(right)}"
        )
    means, deviations = known.mean(axis=0), known.std(axis=0)
    # What never varies says nothing, and must not blow up elsewhere.
    deviations = np.where(deviations < 1e-6, 1e6, deviations)
    model = LogisticRegression(C=_STRENGTH, max_iter=2000)
    model.fit(_terms(known, means, deviations), right)
    return Calibration(means, deviations, model.coef_[0], float(model.intercept_[0]))


def _terms(evidence: np.ndarray, means: np.ndarray, deviations: np.ndarray) -> np.ndarray:
    standard = (np.asarray(evidence, np.float64) - means) / deviations
    limited = np.clip(standard, -_FARTHEST, _FARTHEST)
    rows, columns = np.triu_indices(limited.shape[1])
    return np.concatenate([limited, limited[:, rows] * limited[:, columns]], axis=1)
