"""A frozen network on every device of this process; nothing here waits for another process."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf


def local_replica_count() -> int:
    """Returns how many replicas of the strategy in scope this process runs itself."""
    strategy = tf.distribute.get_strategy()
    return 1 if strategy.num_replicas_in_sync == 1 else len(local_replica_numbers(strategy))


@functools.cache
def local_replica_numbers(strategy: tf.distribute.Strategy) -> list[int]:
    """Returns the numbers that this process's replicas have among all of them, rising."""
    numbers = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(context.replica_id_in_sync_group)
    )
    return [int(number) for number in strategy.experimental_local_results(numbers)]


def on_local_replicas(
    function: Callable[[tf.Tensor], tf.Tensor],
) -> Callable[[np.ndarray], np.ndarray]:
    """Returns a function that gives every replica of this process its part of the rows.

    Args:
        function: from rows `[n, ...]` to a float tensor `[n, d]`, each row by itself; made of
            variables of the strategy in scope, and traced once for each replica.

    Returns:
        A function from rows `[n, ...]`, n >= 1, to `[n, d]` in the same order. Rows that the
        replicas cannot share evenly are filled up, and what comes of the filling is left out.
    """
    strategy = tf.distribute.get_strategy()
    first, *others = local_replica_numbers(strategy)
    count = 1 + len(others)

    @functools.partial(tf.function, autograph=False, reduce_retracing=True)
    def run(parts):
        return strategy.run(function, args=(parts,))

    def shared(rows: np.ndarray) -> np.ndarray:
        # A row that is there is safer than zeros, of which a network may make NaN.
        filled = np.concatenate([rows, np.repeat(rows[:1], -len(rows) % count, axis=0)])
        parts = np.split(filled, count)
        values = strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(parts[context.replica_id_in_sync_group - first])
        )
        results = strategy.experimental_local_results(run(values))
        return np.concatenate([result.numpy() for result in results])[: len(rows)]

    return shared
