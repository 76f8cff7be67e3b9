"""Elementwise arithmetic in one pass over memory."""

from __future__ import annotations

import functools
from collections.abc import Callable

import tensorflow as tf


def fused(function: Callable) -> Callable:
    """Compiles a function of tensors by XLA where only CPUs compute.

    There every TensorFlow operation is a pass over memory, and XLA makes one of them all: colour
    jitter is four times as fast. It is slower than TensorFlow at convolutions, and compiles anew
    for every shape: only elementwise arithmetic of a whole batch belongs here. On a GPU the
    function runs as it is, and so it does outside of a graph, where a few pictures are looked at
    once and compiling takes a hundred times what the arithmetic does.
    """
    compiled = tf.function(function, autograph=False, jit_compile=True)

    @functools.wraps(function)
    def call(*arguments):
        if tf.executing_eagerly() or tf.config.list_logical_devices("GPU"):
            return function(*arguments)
        return compiled(*arguments)

    return call
