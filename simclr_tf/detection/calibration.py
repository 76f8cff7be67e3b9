"""From what speaks for a candidate to the probability that it is the symbol."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from simclr_tf.detection.candidates import EVIDENCE

# A candidate with this score is as likely right as wrong; from it on it counts as a symbol.
SYMBOL_SCORE = 0.5
# Inverse of the penalty on the weights: strong, for there may be a few dozen symbols only.
_STRENGTH = 0.1
# Evidence farther from the mean than so many standard deviations counts as so far.
_FARTHEST = 5.0


class NothingToCalibrate(ValueError):  # noqa: N818 (the state of the pages, not a fault)
    """There are no right or no wrong candidates; the text says how many there are."""


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Returns the probabilities p of log(p / (1 - p)), float64 of the same shape."""
    # Beyond 500 there is nothing but 0 and 1, and exp would overflow.
    return 1 / (1 + np.exp(-np.clip(logits, -500, 500)))


@dataclasses.dataclass(frozen=True, eq=False)
class Calibration:
    """A logistic model of the evidence and of its products.

    What a piece of evidence is worth depends on the others: a rival says little where both fit
    well, and much where the cosine is on its side. Products of two tell that, sums alone do not.

    Args:
        means: Of the evidence where it was fitted, float64 `[e]`.
        deviations: Its standard deviations there, greater than 0, float64 `[e]`.
        weights: Of the standardised evidence, float64 `[e]`.
        product_weights: Of their squares and of the products of two, float64 `[e, e]`.
        intercept: Added to the weighted sums.
    """

    means: np.ndarray
    deviations: np.ndarray
    weights: np.ndarray
    product_weights: np.ndarray
    intercept: float

    def scores(self, evidence: np.ndarray) -> np.ndarray:
        """Returns the probabilities that candidates are right, float64 `[n]`, from 0 to 1.

        Args:
            evidence: `[n, e]`, see `simclr_tf.detection.candidates.EVIDENCE`.
        """
        return probabilities(self.logits(evidence))

    def logits(self, evidence: np.ndarray) -> np.ndarray:
        """Returns log(p / (1 - p)) of the `scores` p of `evidence`, float64 `[n]`."""
        standard = _standardised(evidence, self.means, self.deviations)
        of_products = ((standard @ self.product_weights) * standard).sum(axis=1)
        return standard @ self.weights + of_products + self.intercept

    def shifted(self, by: float) -> Calibration:
        """Returns the calibration with `by` added to all logits."""
        return dataclasses.replace(self, intercept=self.intercept + by)

    def refitted(self, evidence: np.ndarray, is_right: np.ndarray) -> Calibration:
        """Returns the calibration stretched and shifted to be right about these candidates.

        The order of all scores stays. A model of all candidates is too unsure of the best of each
        place: most of the wrong ones are beaten there.

        Args:
            evidence: `[n, e]`.
            is_right: bool `[n]`. Where all are alike, there is nothing to fit.
        """
        from sklearn.linear_model import LogisticRegression

        if is_right.all() or not is_right.any():
            return self
        logits = self.logits(evidence)
        spread = max(float(logits.std()), 1e-6)
        model = LogisticRegression(max_iter=2000).fit(logits[:, None] / spread, is_right)
        stretch, shift = float(model.coef_[0, 0]) / spread, float(model.intercept_[0])
        if stretch <= 0:
            return self
        stretched = dataclasses.replace(
            self,
            weights=stretch * self.weights,
            product_weights=stretch * self.product_weights,
            intercept=stretch * self.intercept,
        )
        return stretched.shifted(shift)


def fit_calibration(evidence: Sequence[np.ndarray], is_right: Sequence[np.ndarray]) -> Calibration:
    """Fits a calibration to candidates of which it is known whether they are right.

    Args:
        evidence: Of each page, `[n, e]`.
        is_right: Of each page, bool `[n]`.

    Raises:
        NothingToCalibrate: No candidate is right, or none is wrong.
    """
    # scikit-learn takes a second to import, and only a calibration needs it.
    from sklearn.linear_model import LogisticRegression

    known = np.concatenate([np.zeros((0, len(EVIDENCE))), *evidence])
    right = np.concatenate([np.zeros(0, bool), *is_right])
    if right.all() or not right.any():
        raise NothingToCalibrate(
            "A calibration needs right and wrong candidates. "
            f"Received: {int(right.sum())} right ones of {len(right)}"
        )
    means, deviations = known.mean(axis=0), known.std(axis=0)
    # What never varies says nothing, and must not blow up elsewhere.
    deviations = np.where(deviations < 1e-6, 1e6, deviations)
    standard = _standardised(known, means, deviations)
    count = standard.shape[1]
    first, second = np.triu_indices(count)
    terms = np.concatenate([standard, standard[:, first] * standard[:, second]], axis=1)
    model = LogisticRegression(C=_STRENGTH, max_iter=5000).fit(terms, right)
    product_weights = np.zeros((count, count))
    product_weights[first, second] = model.coef_[0, count:]
    return Calibration(
        means, deviations, model.coef_[0, :count], product_weights, float(model.intercept_[0])
    )


def _standardised(evidence: np.ndarray, means: np.ndarray, deviations: np.ndarray) -> np.ndarray:
    standard = (np.asarray(evidence, np.float64) - means) / deviations
    return np.clip(standard, -_FARTHEST, _FARTHEST)
