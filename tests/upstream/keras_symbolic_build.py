"""Keras 3.15.1: `fit` fails under MultiWorkerMirroredStrategy while it builds the model.

`TensorFlowTrainer._maybe_symbolic_build` reduces the first batch of all replicas to one to learn
its shapes. It need not: the batch of one replica has them.

    python keras_symbolic_build.py

starts two workers on this machine; each prints "fit works" or the error.
"""

import json
import os
import socket
import subprocess
import sys


def train():
    import keras
    import numpy as np
    import tensorflow as tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile(optimizer="sgd", loss="mse", jit_compile=False)
    pictures = np.ones((8, 2), "uint8"), np.ones((8, 1), "float32")
    data = tf.data.Dataset.from_tensor_slices(pictures).batch(4).repeat()
    model.fit(data, steps_per_epoch=2, verbose=0)


def start_two(program):
    """Runs this file once for each of two workers."""
    sockets = [socket.socket() for _ in range(2)]
    for own in sockets:
        own.bind(("127.0.0.1", 0))
    cluster = {"worker": [f"127.0.0.1:{own.getsockname()[1]}" for own in sockets]}
    for own in sockets:
        own.close()
    workers = []
    for index in range(2):
        config = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(config)}
        workers.append(subprocess.Popen([sys.executable, program], env=environment))
    for worker in workers:
        worker.wait(300)


def run_worker(train):
    """Trains and says whether it worked, in one write: both workers have one terminal."""
    try:
        train()
        said = "fit works"
    except Exception as error:
        said = f"{type(error).__name__}: {str(error)[:300]}"
    os.write(1, f"{said!r}\n".encode())
    # The other worker may be waiting for this one.
    os._exit(0)


if __name__ == "__main__":
    if "TF_CONFIG" in os.environ:
        run_worker(train)
    start_two(os.path.abspath(__file__))
