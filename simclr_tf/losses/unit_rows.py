"""Rows of length 1, safe in every precision."""

from __future__ import annotations

from typing import Any

from keras import ops


def unit_rows(z: Any) -> Any:
    """Scales each row to length 1 in float32; a zero row stays zero and has a finite gradient.

    Args:
        z: `[M, k]`, any float type.

    Returns:
        float32 `[M, k]`.
    """
    z = ops.cast(z, "float32")
    # Larger squares would overflow.
    peak = ops.max(ops.abs(z), axis=1, keepdims=True)
    z = z / ops.stop_gradient(ops.where(peak > 1e15, peak, 1.0))
    # A zero row is not divided by a small number: its gradient must fit into float16 as well.
    squared = ops.sum(z * z, axis=1, keepdims=True)
    return z * ops.rsqrt(ops.where(squared > 1e-12, squared, 1.0))
