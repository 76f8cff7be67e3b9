"""As many threads in every framework as the benchmark was asked for."""

from __future__ import annotations

import os
import sys

VARIABLE = "SIMCLR_TF_BENCHMARK_THREADS"


def thread_count() -> int:
    """Returns the threads of this process: those asked for, or all cores."""
    return int(os.environ.get(VARIABLE, 0)) or os.cpu_count() or 1


def set_threads() -> None:
    """Sets the pools of the frameworks that this process has imported.

    Called before their first operation; afterwards TensorFlow accepts the same number only.
    """
    if "tensorflow" in sys.modules:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(thread_count())
        tf.config.threading.set_inter_op_parallelism_threads(thread_count())
    if "cv2" in sys.modules:
        import cv2

        cv2.setNumThreads(thread_count())
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(thread_count())
