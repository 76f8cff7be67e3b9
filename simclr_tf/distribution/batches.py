"""The batches of one device, each shared out among the replicas."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from simclr_tf.checks import check_at_least

if TYPE_CHECKING:
    import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class BatchShare:
    """Which rows of a batch the replicas of one process take; all rows by default.

    Attributes:
        first: number of the process's first replica.
        local: replicas of the process.
        replicas: all that share a batch.
    """

    first: int = 0
    local: int = 1
    replicas: int = 1

    def rows(self, rows: np.ndarray) -> np.ndarray:
        """Returns the rows of the local replicas, one replica's after the other's."""
        if self.replicas == 1:
            return rows
        own = range(self.first, self.first + self.local)
        return np.concatenate([rows[number :: self.replicas] for number in own])

    def size(self, batch_size: int) -> int:
        """Returns how many rows of a batch the local replicas take together.

        Raises:
            ValueError: if the replicas do not divide the batch.
        """
        check_divisible("batch_size", batch_size, self.replicas)
        return batch_size // self.replicas * self.local

    def split(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        """Returns one element for each local replica out of `[local n, ...]`."""
        if self.local == 1:
            return batches
        import tensorflow as tf

        def by_replica(*parts):
            return tuple(
                tf.reshape(part, [self.local, part.shape[0] // self.local, *part.shape[1:]])
                for part in parts
            )

        return batches.map(tf.autograph.experimental.do_not_convert(by_replica)).unbatch()


_ALL_ROWS = BatchShare()
_share: contextvars.ContextVar[BatchShare] = contextvars.ContextVar("share", default=_ALL_ROWS)


def current_share() -> BatchShare:
    """Returns which rows the batches being made take; all of them but in `distribute_batches`."""
    return _share.get()


def distribute_batches(
    make: Callable[[], tf.data.Dataset],
) -> tf.data.Dataset | tf.distribute.DistributedDataset:
    """Shares the batches of `make` out among the replicas of the strategy in whose scope it is.

    Every process calls `make` for itself and reads only its own rows of the same batches: nothing
    is lost, nothing comes twice, and no data travels. With one replica the result is `make()`.

    Args:
        make: gives batches made by `simclr_tf.data`, which follow `current_share`.

    Returns:
        What `fit` takes; with several replicas endless (the batches again and again), which saves
        the workers the question, in every step, whether all of them have data left.

    Raises:
        ValueError: if a batch cannot be divided by the number of replicas.
    """
    import tensorflow as tf

    strategy = tf.distribute.get_strategy()
    if strategy.num_replicas_in_sync == 1:
        return make()

    def of_process(context: tf.distribute.InputContext) -> tf.data.Dataset:
        local = context.num_replicas_in_sync // context.num_input_pipelines
        first = context.input_pipeline_id * local
        with sharing(BatchShare(first, local, context.num_replicas_in_sync)):
            return make().repeat()

    return strategy.distribute_datasets_from_function(of_process)


def check_divisible(name: str, value: int, replicas: int) -> None:
    """Raises `ValueError` unless `value` pictures can be shared out evenly among the replicas."""
    check_at_least(name, value, 1)
    if value % replicas:
        raise ValueError(
            f"`{name}` must be a multiple of the number of replicas ({replicas}): it counts the "
            f"pictures of all of them. Received: {name}={value!r}"
        )


@contextlib.contextmanager
def sharing(share: BatchShare) -> Iterator[None]:
    """Makes `share` the share of all batches that are made in the block."""
    token = _share.set(share)
    try:
        yield
    finally:
        _share.reset(token)
