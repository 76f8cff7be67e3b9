"""Batches of uint8 pictures as `tf.data`, reproducible from the seed and the step alone."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.data.class_index import ClassIndex
from simclr_tf.data.picture_set import PictureSet
from simclr_tf.data.sharded_pictures import Pictures
from simclr_tf.distribution.batches import current_share

if TYPE_CHECKING:
    import tensorflow as tf


def steps_per_epoch(num_pictures: int, batch_size: int) -> int:
    """Returns the number of full batches in an epoch; the incomplete last one is dropped.

    Raises:
        ValueError: if `batch_size` is below 1 or greater than `num_pictures`.
    """
    check_at_least("batch_size", batch_size, 1)
    if batch_size > num_pictures:
        raise ValueError(
            f"`batch_size` must be at most the number of pictures ({num_pictures}). "
            f"Received: batch_size={batch_size!r}"
        )
    return num_pictures // batch_size


def training_batches(
    picture_set: PictureSet,
    batch_size: int,
    seed: int,
    *,
    start_step: int = 0,
    num_steps: int,
    class_balanced: bool = False,
) -> tf.data.Dataset:
    """Returns shuffled batches; batch number `step` depends on `(seed, step)` only.

    Epoch `e = step // steps_per_epoch` visits the pictures in the order
    `np.random.default_rng([seed, e]).permutation(n)`, so a run that starts again at
    `start_step` sees exactly the batches that an unbroken run would have seen.

    Args:
        picture_set: the pictures. In shards on the disk the order is the same permutation of all
            of them, and not of a shard or a buffer: any row is as near as any other there.
        batch_size: pictures in a batch, from 1 to `n`.
        seed: seed of the order, at least 0.
        start_step: number of the first batch, from 0.
        num_steps: how many batches to give.
        class_balanced: all classes come equally often, in rounds that visit each once, whatever
            their sizes; unlabelled pictures are left out. There are no epochs over pictures then.

    Returns:
        A data set of `(images, labels)`: uint8 `[batch, size, size, 3]`, int32 `[batch]`.

    Raises:
        ValueError: if `batch_size` is greater than the number of pictures, an argument is
            negative, or `class_balanced` finds no label.
    """
    rows_of = training_rows(picture_set, batch_size, seed, class_balanced=class_balanced)
    return batches_of_rows(picture_set, rows_of, batch_size, start_step, num_steps)


def training_rows(
    picture_set: PictureSet, batch_size: int, seed: int, *, class_balanced: bool = False
) -> Callable[[int], np.ndarray]:
    """Returns which rows of `picture_set` are in batch number `step` of `training_batches`.

    Args:
        picture_set: see `training_batches`, as for all others.
        batch_size: pictures in a batch.
        seed: seed of the order.
        class_balanced: all classes come equally often.

    Returns:
        A function from the number of a batch to its rows, int64 `[batch]`.

    Raises:
        ValueError: as `training_batches`.
    """
    check_at_least("seed", seed, 0)
    steps = steps_per_epoch(len(picture_set), batch_size)
    if class_balanced:
        return _balanced_rows(ClassIndex(picture_set.labels, seed), batch_size)

    @functools.lru_cache(maxsize=2)
    def epoch_order(epoch: int) -> np.ndarray:
        return np.random.default_rng([seed, epoch]).permutation(len(picture_set))

    def shuffled_rows(step: int) -> np.ndarray:
        epoch, position = divmod(step, steps)
        return epoch_order(epoch)[position * batch_size : (position + 1) * batch_size]

    return shuffled_rows


def _balanced_rows(index: ClassIndex, batch_size: int) -> Callable[[int], np.ndarray]:
    def rows_of(step: int) -> np.ndarray:
        places = range(step * batch_size, (step + 1) * batch_size)
        return np.concatenate([index.group(*index.class_at(place), 1) for place in places])

    return rows_of


def batches_of_rows(
    picture_set: PictureSet,
    rows_of: Callable[[int], np.ndarray],
    batch_size: int,
    start_step: int,
    num_steps: int,
) -> tf.data.Dataset:
    """Returns the batches whose rows a function of the step names.

    Args:
        picture_set: the pictures, in memory or on the disk.
        rows_of: from the number of a batch to its rows, int `[batch]`; a pure function, called
            from several threads.
        batch_size: rows of every batch.
        start_step: number of the first batch, from 0.
        num_steps: how many batches to give.

    Returns:
        A data set of `(images, labels)`: uint8 `[batch, size, size, 3]`, int32 `[batch]`. Within
        `distribute_batches` the rows of this process's replicas alone, an element for each.

    Raises:
        ValueError: if a number is negative, or several replicas cannot share a batch evenly.
    """
    import tensorflow as tf

    check_at_least("start_step", start_step, 0)
    check_at_least("num_steps", num_steps, 0)
    images, labels = picture_set.images, picture_set.labels
    share = current_share()
    size = share.size(batch_size)

    def gather(step: np.int64) -> tuple[np.ndarray, np.ndarray]:
        rows = share.rows(rows_of(int(step)))
        return np.asarray(images[rows]), np.asarray(labels[rows], np.int32)

    def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pictures, targets = tf.numpy_function(gather, [step], (tf.uint8, tf.int32))
        pictures.set_shape((size, *images.shape[1:]))
        targets.set_shape((size,))
        return pictures, targets

    numbers = tf.data.Dataset.range(start_step, start_step + num_steps)
    return share.split(_mapped_in_order(numbers, batch))


def evaluation_batches(images: Pictures, batch_size: int) -> tf.data.Dataset:
    """Returns the pictures in order; the last batch may be smaller.

    Args:
        images: uint8 `[n, size, size, 3]`, in memory or on the disk.
        batch_size: pictures in a batch, at least 1.

    Returns:
        A data set of uint8 `[batch, size, size, 3]`.

    Raises:
        ValueError: if `batch_size` is below 1.
    """
    import tensorflow as tf

    check_at_least("batch_size", batch_size, 1)

    def read(start: np.int64) -> np.ndarray:
        return np.asarray(images[start : start + batch_size])

    def batch(start: tf.Tensor) -> tf.Tensor:
        pictures = tf.numpy_function(read, [start], tf.uint8)
        pictures.set_shape((None, *images.shape[1:]))
        return pictures

    return _mapped_in_order(tf.data.Dataset.range(0, len(images), batch_size), batch)


def _mapped_in_order(numbers: tf.data.Dataset, batch: Any) -> tf.data.Dataset:
    import tensorflow as tf

    # There is no Python in it to translate, which takes tenths of a second.
    batches = numbers.map(tf.autograph.experimental.do_not_convert(batch)).prefetch(2)
    # A batch is gathered in a hundredth of a step's time, there is nothing to tune; the tuner
    # itself took a tenth of the processor from small steps.
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)
