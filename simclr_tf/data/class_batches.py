"""Batches of P classes × K pictures, which losses over classes need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.data.class_index import ClassIndex
from simclr_tf.data.picture_set import UNLABELLED, PictureSet
from simclr_tf.data.pipeline import batches_of_rows

if TYPE_CHECKING:
    import tensorflow as tf


def class_batches(
    pictures: PictureSet,
    classes_per_batch: int,
    pictures_per_class: int,
    seed: int,
    *,
    start_step: int = 0,
    num_steps: int,
    repeat: bool = False,
) -> tf.data.Dataset:
    """Returns batches of P classes × K pictures; batch `step` depends on `(seed, step)` only.

    A round visits every class once, in a shuffled order, P at a time; the incomplete batch at its
    end is dropped. Large and small classes come equally often, whatever their sizes, and in each
    class no picture comes again before fewer than K others are left. Unlabelled pictures are left
    out. The labels are sorted once at the start; after that a batch costs P small permutations.

    Args:
        pictures: the pictures, in memory or on the disk.
        classes_per_batch: P, from 1 to the number of classes.
        pictures_per_class: K, at least 1; a loss over classes needs 2, or two views of each.
        seed: seed of the orders, at least 0.
        start_step: number of the first batch, from 0.
        num_steps: how many batches to give.
        repeat: a class of fewer than K pictures (a singleton, say) gives some of them more than
            once; they differ by their augmentation only. By default that is an error.

    Returns:
        A data set of `(images, labels)`: uint8 `[P * K, size, size, 3]`, int32 `[P * K]`, the K
        pictures of a class one after the other.

    Raises:
        ValueError: if a class has fewer than K pictures and `repeat` is false, there are fewer
            than P classes, no picture has a label, or an argument is negative.
    """
    rows_of = class_rows(pictures, classes_per_batch, pictures_per_class, seed, repeat=repeat)
    size = classes_per_batch * pictures_per_class
    return batches_of_rows(pictures, rows_of, size, start_step, num_steps)


def class_rows(
    pictures: PictureSet,
    classes_per_batch: int,
    pictures_per_class: int,
    seed: int,
    *,
    repeat: bool = False,
) -> Callable[[int], np.ndarray]:
    """Returns which rows of `pictures` are in batch number `step` of `class_batches`.

    Args:
        pictures: see `class_batches`, as for all others.
        classes_per_batch: P.
        pictures_per_class: K.
        seed: seed of the orders.
        repeat: whether small classes give some pictures more than once.

    Returns:
        A function from the number of a batch to its rows, int64 `[P * K]`.

    Raises:
        ValueError: as `class_batches`.
    """
    check_at_least("classes_per_batch", classes_per_batch, 1)
    check_at_least("pictures_per_class", pictures_per_class, 1)
    index = ClassIndex(pictures.labels, seed)
    if classes_per_batch > len(index):
        raise ValueError(
            f"`classes_per_batch` must be at most the number of classes ({len(index)}). "
            f"Received: classes_per_batch={classes_per_batch!r}"
        )
    if not repeat:
        check_class_sizes(pictures, pictures_per_class)
    steps_a_round = len(index) // classes_per_batch

    def rows_of(step: int) -> np.ndarray:
        # Place by round: what a round drops is not carried into the next.
        visit, number = divmod(step, steps_a_round)
        first = visit * len(index) + number * classes_per_batch
        drawn = (index.class_at(first + offset) for offset in range(classes_per_batch))
        return np.concatenate(
            [index.group(position, visit, pictures_per_class) for position, visit in drawn]
        )

    return rows_of


def check_class_sizes(pictures: PictureSet, pictures_per_class: int) -> None:
    """Raises `ValueError` unless every class has at least `pictures_per_class` pictures."""
    labels = pictures.labels[pictures.labels != UNLABELLED]
    classes, counts = np.unique(labels, return_counts=True)
    small = np.flatnonzero(counts < pictures_per_class)
    if not len(small):
        return
    smallest = small[np.argmin(counts[small])]
    label, count = int(classes[smallest]), int(counts[smallest])
    names = pictures.class_names
    name = repr(names[label]) if label < len(names) else str(label)
    raise ValueError(
        f"`pictures_per_class` must be at most the pictures of the smallest class, {count} of "
        f"class {name} (fewer than {pictures_per_class} in {len(small)} of {len(classes)} "
        "classes), unless `repeat` is true and pictures come more than once. "
        f"Received: pictures_per_class={pictures_per_class!r}"
    )
