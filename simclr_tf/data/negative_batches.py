"""Batches in which pictures of no class stand beside those with labels."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.data.picture_set import UNLABELLED, PictureSet
from simclr_tf.data.pipeline import batches_of_rows

if TYPE_CHECKING:
    import tensorflow as tf


def negative_batches(
    negatives: PictureSet,
    count: int,
    seed: int,
    *,
    start_step: int = 0,
    num_steps: int,
) -> tf.data.Dataset:
    """Returns batches of pictures labelled -1; batch `step` depends on `(seed, step)` only.

    Round after round visits every picture once, each in a shuffled order of its own, without
    regard to where batches begin: all come equally often, however few there are, and a batch
    larger than their number holds some more than once.

    Args:
        negatives: the pictures, in memory or on the disk; labels that they have are not used.
        count: pictures in a batch, at least 1.
        seed: seed of the orders, at least 0.
        start_step: number of the first batch, from 0.
        num_steps: how many batches to give.

    Returns:
        A data set of `(images, labels)`: uint8 `[count, size, size, 3]`, int32 `[count]`, all -1.

    Raises:
        ValueError: if there are no pictures, or an argument is out of range.
    """
    rows_of = negative_rows(negatives, count, seed)
    unlabelled = PictureSet(
        negatives.images,
        np.full(len(negatives), UNLABELLED, np.int32),
        negatives.ids,
        negatives.class_names,
    )

    return batches_of_rows(unlabelled, rows_of, count, start_step, num_steps)


def negative_rows(negatives: PictureSet, count: int, seed: int) -> Callable[[int], np.ndarray]:
    """Returns which rows of `negatives` are in batch number `step` of `negative_batches`.

    Args:
        negatives: see `negative_batches`, as for all others.
        count: pictures in a batch.
        seed: seed of the orders.

    Returns:
        A function from the number of a batch to its rows, int64 `[count]`.

    Raises:
        ValueError: as `negative_batches`.
    """
    check_at_least("number of negatives", len(negatives), 1)
    check_at_least("count", count, 1)
    check_at_least("seed", seed, 0)

    @functools.lru_cache(maxsize=2)
    def order(number: int) -> np.ndarray:
        return np.random.default_rng([seed, number]).permutation(len(negatives))

    def rows_of(step: int) -> np.ndarray:
        numbers, places = np.divmod(np.arange(step * count, (step + 1) * count), len(negatives))
        return np.array([order(n)[p] for n, p in zip(numbers, places, strict=True)])

    return rows_of


def with_negatives(labelled: tf.data.Dataset, negatives: tf.data.Dataset) -> tf.data.Dataset:
    """Returns the batches of both, joined one by one: those with labels come first.

    Args:
        labelled: batches `(images, labels)`.
        negatives: as many batches of `negative_batches`, of pictures of the same size.
    """
    import tensorflow as tf

    def join(first, second):
        return tuple(tf.concat(parts, axis=0) for parts in zip(first, second, strict=True))

    # Both fetch ahead of the training by themselves.
    options = tf.data.Options()
    options.autotune.enabled = False
    pairs = tf.data.Dataset.zip((labelled, negatives))
    return pairs.map(tf.autograph.experimental.do_not_convert(join)).with_options(options)
