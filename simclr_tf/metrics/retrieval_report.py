"""The measures of every query, and their means over queries and over classes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from simclr_tf.checks import check_at_least, check_between, check_one_of


@dataclasses.dataclass(frozen=True, eq=False)
class RetrievalReport:
    """What `evaluate_retrieval` measured.

    Attributes:
        values: Measures float64 `[n]` by name, one number a query that counts.
        labels: Labels int64 `[n]` of those queries.
        rows: int64 `[n]`: which of all queries they are, rising.
        num_lone: Queries left out because the gallery has no other picture of their class.
        num_unlabelled: Queries left out because they have no label.
    """

    values: dict[str, np.ndarray]
    labels: np.ndarray
    rows: np.ndarray
    num_lone: int
    num_unlabelled: int

    @property
    def num_queries(self) -> int:
        """How many queries count."""
        return len(self.labels)

    def micro(self) -> dict[str, float]:
        """Returns the mean over the queries: large classes weigh more.

        Example:
            Three queries of class 0 that are right and one of class 1 that is wrong:
            (1 + 1 + 1 + 0) / 4 = 0.75.
        """
        return {name: float(values.mean()) for name, values in self.values.items()}

    def macro(self) -> dict[str, float]:
        """Returns the mean over the classes' means: every class weighs the same.

        Example:
            Three queries of class 0 that are right and one of class 1 that is wrong:
            ((1 + 1 + 1) / 3 + 0 / 1) / 2 = 0.5.
        """
        return {
            name: float(means.mean())
            for name, means in zip(self.values, self._means(), strict=True)
        }

    def per_class(self, class_names: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
        """Returns `count` and the means of each class that has queries.

        Args:
            class_names: Names of the labels, by which the classes go; the labels by default.
        """
        classes, counts = np.unique(self.labels, return_counts=True)
        means = self._means()
        return {
            str(label) if class_names is None else class_names[label]: {
                "count": int(counts[place]),
                **{name: float(means[row, place]) for row, name in enumerate(self.values)},
            }
            for place, label in enumerate(classes)
        }

    def intervals(
        self,
        *,
        average: str = "micro",
        resamples: int = 1000,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> dict[str, tuple[float, float]]:
        """Returns percentile bootstrap intervals of the means, from drawing queries anew.

        The gallery stays as it is, so the interval speaks of other queries in the same gallery.
        A class none of whose queries is drawn is left out of that resample's macro mean.

        Args:
            average: `"micro"` or `"macro"`.
            resamples: How many times as many queries are drawn with replacement, at least 1.
            confidence: Coverage of the interval, between 0 and 1.
            seed: Seed of the draws.

        Returns:
            (low, high) by name of the measure.

        Raises:
            ValueError: An argument is out of range.

        Reference:
            Efron and Tibshirani, "An introduction to the bootstrap" (1993), section 13.3.
        """
        check_at_least("resamples", resamples, 1)
        check_between("confidence", confidence, 0.0, 1.0)
        check_one_of("average", average, ("micro", "macro"))
        values = np.stack(list(self.values.values()))  # [m, n]
        generator = np.random.default_rng(seed)
        means = np.empty((resamples, len(values)))
        for resample in range(resamples):
            drawn = generator.integers(self.num_queries, size=self.num_queries)
            weights = np.bincount(drawn, minlength=self.num_queries).astype(np.float64)
            if average == "micro":
                means[resample] = values @ weights / self.num_queries
            else:
                means[resample] = self._class_means(values, weights).mean(axis=1)
        tail = (1 - confidence) / 2
        low, high = np.quantile(means, [tail, 1 - tail], axis=0)
        return {name: (float(low[row]), float(high[row])) for row, name in enumerate(self.values)}

    def summary(
        self, class_names: Sequence[str] | None = None, *, resamples: int = 1000, seed: int = 0
    ) -> dict[str, Any]:
        """Returns everything in plain Python numbers, ready for JSON.

        Args:
            class_names: Names of the labels.
            resamples: See `intervals`.
            seed: See `intervals`.

        Returns:
            The micro means by name at the top; `ci95`: their intervals; `macro` and
            `macro_ci95`: the same over classes; `per_class`; `queries`, `left_out_lone` and
            `left_out_unlabelled`: how many.
        """
        options: dict[str, Any] = {"resamples": resamples, "seed": seed}
        return {
            **self.micro(),
            "ci95": {name: list(pair) for name, pair in self.intervals(**options).items()},
            "macro": self.macro(),
            "macro_ci95": {
                name: list(pair)
                for name, pair in self.intervals(average="macro", **options).items()
            },
            "per_class": self.per_class(class_names),
            "queries": self.num_queries,
            "left_out_lone": self.num_lone,
            "left_out_unlabelled": self.num_unlabelled,
        }

    def _means(self) -> np.ndarray:
        values = np.stack(list(self.values.values()))
        return self._class_means(values, np.ones(self.num_queries))

    def _class_means(self, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Returns the weighted means `[m, classes with weight]` of values `[m, n]`."""
        classes, places = np.unique(self.labels, return_inverse=True)
        counts = np.bincount(places, weights, minlength=len(classes))
        sums = np.stack(
            [np.bincount(places, weights * line, minlength=len(classes)) for line in values]
        )
        return sums[:, counts > 0] / counts[counts > 0]
