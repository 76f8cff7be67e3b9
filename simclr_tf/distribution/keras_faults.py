"""Work-arounds for two faults of Keras 3.15 with several workers; reproduced in tests/upstream.

Drop each once the reproduction says that the installed Keras has it no longer.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import tensorflow as tf

from simclr_tf.distribution.replicas import replica_count
from simclr_tf.distribution.workers import spans_workers


def build_before_fit(model: keras.Model) -> None:
    """Builds what `fit` would, and with several replicas keeps it from trying.

    A step that makes the optimizer's variables is traced a second time without. For shapes `fit`
    reduces a batch of all replicas to one, by a mean without an axis, which fails between workers,
    and takes the first batch from the data to do so.

    Args:
        model: built and compiled; its optimizer need not be built.
    """
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    if tf.distribute.get_strategy().num_replicas_in_sync == 1 and not spans_workers():
        return
    model._maybe_symbolic_build = lambda iterator=None, data_batch=None: None


def step_logs(trackers: Mapping[str, keras.metrics.Metric]) -> dict[str, tf.Tensor]:
    """Returns the results of running means, as `fit` takes them from a step.

    Between workers it averages what a step returns over the first axis of each value: a scalar
    has none, and gets one.

    Args:
        trackers: by name.
    """
    results = {name: tracker.result() for name, tracker in trackers.items()}
    if replica_count() > 1 and spans_workers():
        return {name: tf.reshape(result, [1]) for name, result in results.items()}
    return results
