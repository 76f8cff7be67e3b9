"""Intervals of a mean over values that come in clusters, such as one picture in several draws."""

from __future__ import annotations

import numpy as np

from simclr_tf.checks import check_at_least, check_between


def cluster_bootstrap(
    values: np.ndarray,
    clusters: np.ndarray,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> np.ndarray:
    """Returns percentile intervals of the means of `values`, from drawing whole clusters anew.

    Values of one cluster tell much the same: were they drawn one by one, the interval would be
    too narrow.

    Args:
        values: Float `[m, n]`: `m` measures of `n` observations, n >= 1.
        clusters: `[n]`: which observations belong together.
        resamples: How many times clusters are drawn with replacement, at least 1.
        confidence: Coverage of the interval, between 0 and 1.
        seed: Of the draws, at least 0.

    Returns:
        float64 `[m, 2]`: low and high.

    Raises:
        ValueError: Shapes do not match or an argument is out of range.

    Reference:
        Davison and Hinkley, "Bootstrap methods and their application" (1997), section 3.8.

    Example:
        >>> # Both observations of the one cluster are always drawn together.
        >>> cluster_bootstrap(np.array([[0.0, 1.0]]), np.array([7, 7]))
        array([[0.5, 0.5]])
    """
    check_at_least("resamples", resamples, 1)
    check_between("confidence", confidence, 0.0, 1.0)
    values, clusters = np.asarray(values, np.float64), np.asarray(clusters)
    if values.ndim != 2 or clusters.shape != values.shape[1:] or not len(clusters):
        raise ValueError(
            "`values` and `clusters` must have shapes [m, n] and [n] with n >= 1. Received: "
            f"values.shape={values.shape}, clusters.shape={clusters.shape}"
        )
    _, places = np.unique(clusters, return_inverse=True)
    counts = np.bincount(places)
    sums = np.stack([np.bincount(places, line) for line in values])  # [m, c]
    generator = np.random.default_rng(seed)
    means = np.empty((resamples, len(values)))
    for resample in range(resamples):
        drawn = generator.integers(len(counts), size=len(counts))
        times = np.bincount(drawn, minlength=len(counts))
        means[resample] = sums @ times / (counts @ times)
    tail = (1 - confidence) / 2
    return np.quantile(means, [tail, 1 - tail], axis=0).T
