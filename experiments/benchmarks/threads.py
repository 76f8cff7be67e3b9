"""As many threads in every framework as the benchmark was asked for."""

from __future__ import annotations

import os

VARIABLE = "SIMCLR_TF_BENCHMARK_THREADS"


def thread_count() -> int:
    """Returns the threads of this process: those asked for, or all cores."""
    return int(os.environ.get(VARIABLE, 0)) or os.cpu_count() or 1


def set_tensorflow_threads() -> None:
    """Sets TensorFlow's pools; called before its first operation, and harmless afterwards."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(thread_count())
    tf.config.threading.set_inter_op_parallelism_threads(thread_count())


def set_torch_threads() -> None:
    """Sets PyTorch's pool."""
    import torch

    torch.set_num_threads(thread_count())
