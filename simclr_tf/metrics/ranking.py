"""Measures of one ranked list, from the ranks of the relevant pictures in it.

Every function takes `ranks`, int `[R]` with R >= 1: at which places of the query's whole
ranking, counted from 1 and rising, the R relevant gallery pictures stand. The example in all
docstrings is a ranking whose relevant pictures stand at the places 1, 3 and 6.
"""

from __future__ import annotations

import numpy as np

from simclr_tf.checks import check_at_least


def top_k_accuracy(ranks: np.ndarray, k: int) -> float:
    """Returns 1 when at least one of the first `k` pictures is relevant, otherwise 0.

    Its mean over queries is what metric learning calls Recall@k. It is not the recall of
    information retrieval, which is the share of the relevant pictures that were found.

    Args:
        ranks: Ranks of the relevant pictures `[R]`.
        k: Pictures looked at, at least 1.

    Example:
        >>> top_k_accuracy(np.array([1, 3, 6]), k=1)  # the first is relevant
        1.0

    Reference:
        Jegou et al., "Product quantization for nearest neighbor search" (2011), section V.B;
        Oh Song et al., "Deep metric learning via lifted structured feature embedding" (2016).
    """
    check_at_least("k", k, 1)
    return float(ranks[0] <= k)


def precision_at_k(ranks: np.ndarray, k: int) -> float:
    """Returns the share of the first `k` pictures that are relevant.

    A gallery of fewer than `k` pictures still divides by `k`.

    Args:
        ranks: Ranks of the relevant pictures `[R]`.
        k: Pictures looked at, at least 1.

    Example:
        >>> precision_at_k(np.array([1, 3, 6]), k=5)  # 2 of 5
        0.4
    """
    check_at_least("k", k, 1)
    return float(np.searchsorted(ranks, k, side="right") / k)


def r_precision(ranks: np.ndarray) -> float:
    """Returns the share of the first R pictures that are relevant, R being how many there are.

    Args:
        ranks: Ranks of the relevant pictures `[R]`.

    Example:
        >>> round(r_precision(np.array([1, 3, 6])), 4)  # 2 of the first 3
        0.6667

    Reference:
        Musgrave et al., "A metric learning reality check" (2020), section 3.2.
    """
    return precision_at_k(ranks, len(ranks))


def average_precision_at_r(ranks: np.ndarray) -> float:
    """Returns the average precision of the first R places; its mean over queries is MAP@R.

    The precision at each relevant picture among the first R, summed and divided by R, so that
    it is 1 only when the first R pictures are the R relevant ones.

    Args:
        ranks: Ranks of the relevant pictures `[R]`.

    Example:
        >>> round(average_precision_at_r(np.array([1, 3, 6])), 4)  # (1/1 + 2/3) / 3
        0.5556

    Reference:
        Musgrave et al., "A metric learning reality check" (2020), equations 6 and 7.
    """
    found = ranks[ranks <= len(ranks)]
    return float(np.sum(np.arange(1, len(found) + 1) / found) / len(ranks))


def average_precision(ranks: np.ndarray) -> float:
    """Returns the mean of the precisions at every relevant picture; over queries it is mAP.

    Args:
        ranks: Ranks of the relevant pictures `[R]`.

    Example:
        >>> round(average_precision(np.array([1, 3, 6])), 4)  # (1/1 + 2/3 + 3/6) / 3
        0.7222

    Reference:
        Manning et al., "Introduction to information retrieval" (2008), equation 8.8.
    """
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks))


def reciprocal_rank(ranks: np.ndarray) -> float:
    """Returns 1 / rank of the first relevant picture; its mean over queries is MRR.

    Args:
        ranks: Ranks of the relevant pictures `[R]`.

    Example:
        >>> reciprocal_rank(np.array([1, 3, 6]))
        1.0

    Reference:
        Voorhees, "The TREC-8 question answering track report" (1999).
    """
    return float(1 / ranks[0])


def ndcg(ranks: np.ndarray, k: int | None = None) -> float:
    """Returns the discounted cumulative gain, relative to that of the best possible order.

    Each relevant picture at rank r gains 1 / log2(r + 1).

    Args:
        ranks: Ranks of the relevant pictures `[R]`.
        k: Only the first `k` places count, at least 1; all of them by default.

    Example:
        >>> # (1/log2(2) + 1/log2(4) + 1/log2(7)) / (1/log2(2) + 1/log2(3) + 1/log2(4))
        >>> # = (1 + .5 + .3562) / (1 + .6309 + .5) = 1.8562 / 2.1309
        >>> round(ndcg(np.array([1, 3, 6])), 4)
        0.8711

    Reference:
        Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (2002), with
        the logarithm of base 2 of rank + 1, as scikit-learn has it.
    """
    if k is not None:
        check_at_least("k", k, 1)
    best = np.arange(1, len(ranks) + 1)
    if k is not None:
        ranks, best = ranks[ranks <= k], best[:k]
    return float(np.sum(1 / np.log2(ranks + 1.0)) / np.sum(1 / np.log2(best + 1.0)))
