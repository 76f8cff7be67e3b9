"""Several processes that train as one: who writes, and what they must agree on."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from simclr_tf.distribution.inference import local_replica_numbers


@dataclasses.dataclass(frozen=True)
class WorkerPlace:
    """Which of several processes this one is; the only one by default.

    Attributes:
        index: from 0, the chief's.
        count: all processes.
    """

    index: int = 0
    count: int = 1

    def own(self, rows: np.ndarray) -> np.ndarray:
        """Returns the rows that this worker takes; all of them together take each row once."""
        return rows[self.index :: self.count]


def is_chief() -> bool:
    """Returns whether this process writes the results; true wherever it trains alone."""
    return bool(tf.distribute.get_strategy().extended.should_checkpoint)


def spans_workers() -> bool:
    """Returns whether the strategy in scope is of several processes."""
    strategy = tf.distribute.get_strategy()
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def worker_place() -> WorkerPlace:
    """Returns this process's place among the workers of the strategy in scope."""
    if not spans_workers():
        return WorkerPlace()
    strategy = tf.distribute.get_strategy()
    numbers = local_replica_numbers(strategy)
    return WorkerPlace(numbers[0] // len(numbers), strategy.num_replicas_in_sync // len(numbers))


def join_rows(rows: np.ndarray) -> np.ndarray:
    """Returns the rows of all workers, on each of them; inverts `WorkerPlace.own`.

    All workers must call it at the same place, like `largest_of_workers`.

    Args:
        rows: `[n, ...]` of a type that can be added up, the same shape on all workers.

    Returns:
        `[W n, ...]`: row i·W + w is row i of worker w.
    """
    if not spans_workers():
        return rows
    strategy = tf.distribute.get_strategy()
    together = _joiner(strategy)(tf.constant(rows))
    return strategy.experimental_local_results(together)[0].numpy()


def largest_of_workers(number: int) -> int:
    """Returns the largest of what the workers give; `number` itself where there is one.

    All workers must call it at the same place. What only one of them can know, a signal or the
    time, becomes a decision of all: one that stopped by itself would leave the others waiting.

    Args:
        number: at least 0 and below 2^62.
    """
    return max(numbers_of_workers(number))


def numbers_of_workers(number: int) -> list[int]:
    """Returns what the replicas of all workers give, in order; see `largest_of_workers`."""
    if not spans_workers():
        return [number]
    strategy = tf.distribute.get_strategy()
    together = _adder(strategy)(tf.constant(number, tf.int64))
    return [int(value) for value in strategy.experimental_local_results(together)[0].numpy()]


def check_workers_agree(name: str, value: str) -> None:
    """Raises `ValueError`, on all workers, unless they all give the same `value`.

    Args:
        name: what it is.
        value: text of any length.
    """
    digest = int.from_bytes(hashlib.sha256(value.encode()).digest()[:7], "big")
    digests = numbers_of_workers(digest)
    if len(set(digests)) > 1:
        others = [place for place, other in enumerate(digests) if other != digests[0]]
        raise ValueError(
            f"`{name}` must be the same on all workers; it is another one than the chief's on "
            f"replica {', '.join(map(str, others))}. Received: {name}={value!r}"
        )


def figures_of_chief(measure: Callable[[], Mapping[str, float]]) -> Callable[[], dict[str, float]]:
    """Returns a function that gives every worker the figures that the chief has measured.

    Workers of other hardware may differ in the last digit, and with it in what they do next.

    Args:
        measure: gives figures by name, the same names on all workers, which all measure.
    """

    def agreed() -> dict[str, float]:
        figures = dict(measure())
        if not spans_workers():
            return figures
        strategy = tf.distribute.get_strategy()
        own = tf.constant([float(value) for value in figures.values()], tf.float64)
        of_chief = strategy.run(_only_of_the_first, args=(own,))
        values = strategy.experimental_local_results(of_chief)[0].numpy()
        return dict(zip(figures, map(float, values), strict=True))

    return agreed


def _only_of_the_first(values: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    first = context.replica_id_in_sync_group == 0
    kept = tf.where(first, values, tf.zeros_like(values))
    return context.all_reduce(tf.distribute.ReduceOp.SUM, kept)


@functools.cache
def _joiner(strategy: tf.distribute.Strategy) -> tf.types.experimental.PolymorphicFunction:
    place, numbers = worker_place(), local_replica_numbers(strategy)

    def join(rows):
        context = tf.distribute.get_replica_context()
        # The other replicas of this worker have the same rows, and add nothing.
        speaks = context.replica_id_in_sync_group == numbers[0]
        own = tf.where(speaks, rows, tf.zeros_like(rows))
        beside = [[0, 0], [place.index, place.count - 1 - place.index]]
        placed = tf.pad(own[:, None], beside + [[0, 0]] * (len(rows.shape) - 1))
        together = context.all_reduce(tf.distribute.ReduceOp.SUM, placed)
        return tf.reshape(together, [rows.shape[0] * place.count, *rows.shape[1:]])

    return tf.function(lambda rows: strategy.run(join, args=(rows,)), autograph=False)


@functools.cache
def _adder(strategy: tf.distribute.Strategy) -> tf.types.experimental.PolymorphicFunction:
    def place(number):
        context = tf.distribute.get_replica_context()
        own = tf.one_hot(
            context.replica_id_in_sync_group, strategy.num_replicas_in_sync, dtype=tf.int64
        )
        return context.all_reduce(tf.distribute.ReduceOp.SUM, own * number)

    return tf.function(lambda number: strategy.run(place, args=(number,)), autograph=False)
