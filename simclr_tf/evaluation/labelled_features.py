"""The one check that every probe makes of its features and labels."""

from __future__ import annotations

import numpy as np


def check_labelled_features(name: str, features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Checks features `[n, d]` and labels `[n]`, and returns the labels as int64.

    Args:
        name: What the pictures are for, as in the arguments `{name}_features` and
            `{name}_labels`.
        features: Features `[n, d]`.
        labels: Whole numbers `[n]`, at least 0.

    Raises:
        ValueError: Shapes do not match, there are no rows, a label is negative (which
            stands for "no label") or a feature is not finite.
    """
    features, labels = np.asarray(features), np.asarray(labels)
    if features.ndim != 2 or labels.shape != features.shape[:1]:
        raise ValueError(
            f"`{name}_features` and `{name}_labels` must have shapes [n, d] and [n]. Received: "
            f"{name}_features.shape={features.shape}, {name}_labels.shape={labels.shape}"
        )
    if len(labels) == 0:
        raise ValueError(f"`{name}_labels` must not be empty. Received: 0 labels")
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"`{name}_labels` must be whole numbers. Received: {name}_labels.dtype={labels.dtype}"
        )
    unlabelled = int(np.sum(labels < 0))
    if unlabelled:
        raise ValueError(
            f"`{name}_labels` must be at least 0. Received: {unlabelled} rows with a negative "
            "label, which stands for no label"
        )
    bad = int(np.sum(~np.isfinite(features).all(axis=1)))
    if bad:
        raise ValueError(
            f"`{name}_features` must be finite. Received: {bad} of {len(features)} rows with "
            "NaN or infinity"
        )
    return labels.astype(np.int64)
