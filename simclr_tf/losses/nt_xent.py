"""The normalised, temperature-scaled cross-entropy loss of SimCLR."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from simclr_tf.checks import check_at_least, check_positive
from simclr_tf.losses.blockwise import log_sum_exp_of_others
from simclr_tf.losses.shared_rows import log_sum_exp_in_shares
from simclr_tf.losses.unit_rows import unit_rows


def nt_xent(
    z_a: Any,
    z_b: Any,
    temperature: float = 0.1,
    block_size: int | None = None,
    *,
    in_shares: bool = False,
) -> Any:
    """NT-Xent: each of the 2N rows must find its other view among 2N − 1 candidates.

    With the rows z_1..z_2N of both views normalised to length 1, s_ij = z_i·z_j / temperature and
    p(i) the row of the other view of i:

        loss = 1/2N Σ_i ( log Σ_{j≠i} exp(s_ij) − s_{i,p(i)} )

    Rows are cast to float32 first; a zero row stays zero and has a finite gradient. When all
    embeddings are identical the loss is ln(2N − 1).

    Args:
        z_a: projections of the first views, `[N, k]`, any float type.
        z_b: projections of the second views, `[N, k]`.
        temperature: greater than 0; SimCLR uses 0.1 (ImageNet) and 0.5 (CIFAR-10).
        block_size: rows whose similarities are in memory at once, at least 1. By default all
            2N × 2N similarities up to N = 1,024 (16 MiB), and 256 rows for more or when N is
            unknown while tracing. The value is the same up to rounding.
        in_shares: all replicas of a strategy give the same rows, so that each needs to compare
            its own part of them alone, and keeps 2,048² similarities at most in memory by
            default. The value is the same.

    Returns:
        Scalar, float32: the mean over the 2N rows.

    Raises:
        ValueError: if the temperature is not greater than 0, the block size is below 1 or the
            shapes differ.

    Reference:
        SimCLR (Chen et al. 2020), equation 1 and algorithm 1.
    """
    check_positive("temperature", temperature)
    z_a, z_b = ops.convert_to_tensor(z_a), ops.convert_to_tensor(z_b)
    _check_shapes(tuple(z_a.shape), tuple(z_b.shape))
    z_a, z_b = unit_rows(z_a), unit_rows(z_b)
    z = ops.concatenate([z_a, z_b], axis=0)
    log_sum_exp = log_sum_exp_in_shares if in_shares else log_sum_exp_of_others
    candidates = log_sum_exp(z, temperature, block_size)
    positive = ops.sum(z_a * z_b, axis=1) / temperature
    return ops.mean(candidates) - ops.mean(positive)


def _check_shapes(a: tuple, b: tuple) -> None:
    # A size that is not known while tracing is None.
    same = all(m == n or None in (m, n) for m, n in zip(a, b, strict=False))
    if len(a) != 2 or len(b) != 2 or not same:
        raise ValueError(
            "`z_a` and `z_b` must both have the shape [N, k]. "
            f"Received: z_a.shape={a}, z_b.shape={b}"
        )


@keras.saving.register_keras_serializable(package="simclr_tf")
class NTXent(keras.losses.Loss):
    """`nt_xent` as a Keras loss: `y_true` holds the first views' projections, `y_pred` the second.

    Args:
        temperature: greater than 0.
        block_size: see `nt_xent`.
        name: of the loss.

    Example:
        >>> loss = NTXent(temperature=0.5)(z_a, z_b)
    """

    def __init__(
        self, temperature: float = 0.1, block_size: int | None = None, name: str = "nt_xent"
    ) -> None:
        super().__init__(name=name, reduction=None)
        check_positive("temperature", temperature)
        if block_size is not None:
            check_at_least("block_size", block_size, 1)
        self.temperature = temperature
        self.block_size = block_size

    def call(self, y_true, y_pred):
        return nt_xent(y_true, y_pred, self.temperature, self.block_size)

    def get_config(self):
        return {
            "temperature": self.temperature,
            "block_size": self.block_size,
            "name": self.name,
        }
