"""Keras 3.15.1: `fit` fails under MultiWorkerMirroredStrategy on the logs of a step.

`reduce_per_replica` calls `strategy.reduce("MEAN", value, axis=0)` for the results of metrics,
which are scalars and have no axis 0; `axis=None` is what is meant. The first fault
(keras_symbolic_build.py) is stepped around to come to it.

    python keras_scalar_logs.py

starts two workers on this machine; each prints "fit works" or the error.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from keras_symbolic_build import run_worker, start_two


def train():
    import keras
    import numpy as np
    import tensorflow as tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile(optimizer="sgd", loss="mse", jit_compile=False)
    model._maybe_symbolic_build = lambda iterator=None, data_batch=None: None
    pictures = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    data = tf.data.Dataset.from_tensor_slices(pictures).batch(4).repeat()
    model.fit(data, steps_per_epoch=2, verbose=0)


if __name__ == "__main__":
    if "TF_CONFIG" in os.environ:
        run_worker(train)
    start_two(os.path.abspath(__file__))
