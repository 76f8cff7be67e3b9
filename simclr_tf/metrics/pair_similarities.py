"""Cosines of pairs of pictures of one class, and of different classes."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.similarity import check_vectors, l2_normalize

_PAIRS_AT_ONCE = 16384


@dataclasses.dataclass(frozen=True, eq=False)
class PairSimilarities:
    """What `pair_similarities` returns.

    Attributes:
        same: Cosines float32 `[s]` of pairs of one class.
        different: Cosines float32 `[t]` of pairs of different classes.
        num_same: How many pairs of one class there are; s of them were taken.
        num_different: How many pairs of different classes there are.
    """

    same: np.ndarray
    different: np.ndarray
    num_same: int
    num_different: int


def pair_similarities(
    embeddings: np.ndarray, labels: np.ndarray, max_pairs: int = 1_000_000, seed: int = 0
) -> PairSimilarities:
    """Returns the cosines of all pairs of each kind, or of `max_pairs` drawn at random.

    Where a kind has more than `max_pairs` pairs, so many are drawn with replacement, every pair
    of that kind with the same chance; memory then does not grow with the pictures.

    Args:
        embeddings: `[n, d]` of any float type; they need not be normalised.
        labels: int `[n]`; -1 means no label, and such pictures are in no pair.
        max_pairs: Pairs of each kind at most, at least 1.
        seed: Of the draw.

    Raises:
        ValueError: Lengths do not match, a value is not finite, or `max_pairs` is not positive.
    """
    check_at_least("max_pairs", max_pairs, 1)
    embeddings, labels = np.asarray(embeddings), np.asarray(labels)
    check_vectors(embeddings, embeddings)
    if labels.shape != (len(embeddings),):
        raise ValueError(
            "`labels` must be one per embedding. Received: "
            f"labels.shape={labels.shape} for {len(embeddings)} embeddings"
        )
    # Rows sorted by class: class c stands from starts[c] to starts[c] + counts[c].
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] >= 0]
    _, starts, counts = np.unique(labels[order], return_index=True, return_counts=True)
    counts = counts.astype(np.int64)
    total = int(counts.sum())
    num_same = int((counts * (counts - 1) // 2).sum())
    num_different = total * (total - 1) // 2 - num_same
    generator = np.random.default_rng(seed)
    if num_same <= max_pairs:
        same = _all_same(starts, counts)
    else:
        same = _drawn_same(starts, counts, max_pairs, generator)
    if num_different <= max_pairs:
        different = _all_different(starts, counts)
    else:
        different = _drawn_different(starts, counts, max_pairs, generator)
    return PairSimilarities(
        _cosines(embeddings, order[same]),
        _cosines(embeddings, order[different]),
        num_same,
        num_different,
    )


def _all_same(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    parts = [
        start + np.stack(np.triu_indices(count, 1), axis=1)
        for start, count in zip(starts, counts, strict=True)
    ]
    return np.concatenate([np.empty((0, 2), np.int64), *parts])


def _all_different(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    parts = [np.empty((0, 2), np.int64)]
    total = int(counts.sum())
    for start, count in zip(starts.tolist(), counts.tolist(), strict=True):
        # Each class with everything behind it: every pair once.
        own, behind = np.arange(start, start + count), np.arange(start + count, total)
        parts.append(np.stack(np.meshgrid(own, behind, indexing="ij"), axis=-1).reshape(-1, 2))
    return np.concatenate(parts)


def _drawn_same(
    starts: np.ndarray, counts: np.ndarray, pairs: int, generator: np.random.Generator
) -> np.ndarray:
    drawn = _drawn_classes(counts * (counts - 1), pairs, generator)
    first = generator.integers(0, counts[drawn])
    second = generator.integers(0, counts[drawn] - 1)
    second += second >= first
    return np.stack([starts[drawn] + first, starts[drawn] + second], axis=1)


def _drawn_different(
    starts: np.ndarray, counts: np.ndarray, pairs: int, generator: np.random.Generator
) -> np.ndarray:
    total = int(counts.sum())
    drawn = _drawn_classes(counts * (total - counts), pairs, generator)
    first = starts[drawn] + generator.integers(0, counts[drawn])
    # A place among the pictures of the other classes, which the class itself parts in two.
    second = generator.integers(0, total - counts[drawn])
    second += np.where(second >= starts[drawn], counts[drawn], 0)
    return np.stack([first, second], axis=1)


def _drawn_classes(weights: np.ndarray, pairs: int, generator: np.random.Generator) -> np.ndarray:
    bounds = np.cumsum(weights)
    return np.searchsorted(bounds, generator.integers(0, bounds[-1], pairs), side="right")


def _cosines(embeddings: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    cosines = np.empty(len(pairs), np.float32)
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        block = pairs[start : start + _PAIRS_AT_ONCE]
        first, second = l2_normalize(embeddings[block[:, 0]]), l2_normalize(embeddings[block[:, 1]])
        cosines[start : start + len(block)] = np.einsum("nd,nd->n", first, second)
    return cosines
