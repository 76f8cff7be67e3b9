"""How alike the pictures of two classes are on average."""

from __future__ import annotations

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.similarity import l2_normalize

_ROWS_AT_ONCE = 8192


def class_similarity(embeddings: np.ndarray, labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Returns the mean cosine over all pairs of pictures of each two classes, exactly.

    A mean of inner products is the inner product of the means, so the sum of each class's unit
    vectors s is enough: with classes of m and n pictures it is s_a . s_b / (m n) between classes,
    and (s . s - the sum of |u|^2) / (n (n - 1)) within one, where no picture is paired with
    itself. Time and memory grow with the pictures, not with their pairs.

    Args:
        embeddings: `[n, d]` of any float type; they need not be normalised.
        labels: int `[n]`, from 0 to `num_classes - 1`; -1 means no label and is left out.
        num_classes: c, at least 1.

    Returns:
        float64 `[c, c]`, symmetric; NaN where there is no pair.

    Raises:
        ValueError: Lengths do not match or a label is out of range.

    Example:
        Class 0 at 0 and 60 degrees, class 1 at 90: within class 0 cos 60 = 0.5; between them
        (cos 90 + cos 30) / 2 = 0.433; within class 1 there is no pair.
    """
    check_at_least("num_classes", num_classes, 1)
    embeddings, labels = np.asarray(embeddings), np.asarray(labels)
    if embeddings.ndim != 2 or labels.shape != (len(embeddings),):
        raise ValueError(
            "`labels` must be one per embedding [n, d]. Received: "
            f"embeddings.shape={embeddings.shape}, labels.shape={labels.shape}"
        )
    if len(labels) and not -1 <= labels.min() <= labels.max() < num_classes:
        raise ValueError(
            f"`labels` must be from -1 to {num_classes - 1}. "
            f"Received: labels from {labels.min()} to {labels.max()}"
        )
    sums = np.zeros((num_classes, embeddings.shape[1]))
    lengths = np.zeros(num_classes)
    for start in range(0, len(labels), _ROWS_AT_ONCE):
        own = labels[start : start + _ROWS_AT_ONCE]
        vectors = l2_normalize(embeddings[start : start + _ROWS_AT_ONCE])[own >= 0]
        own = own[own >= 0]
        np.add.at(sums, own, vectors.astype(np.float64))
        squares = np.square(vectors.astype(np.float64)).sum(axis=1)
        lengths += np.bincount(own, squares, minlength=num_classes)
    counts = np.bincount(labels[labels >= 0], minlength=num_classes).astype(np.float64)
    totals = sums @ sums.T
    pairs = np.outer(counts, counts)
    totals[np.diag_indices(num_classes)] -= lengths
    pairs[np.diag_indices(num_classes)] -= counts
    return np.divide(totals, pairs, out=np.full_like(totals, np.nan), where=pairs > 0)
