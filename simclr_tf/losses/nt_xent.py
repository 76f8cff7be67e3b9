"""The normalised, temperature-scaled cross-entropy loss of SimCLR."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from simclr_tf.checks import check_positive


def nt_xent(z_a: Any, z_b: Any, temperature: float = 0.1) -> Any:
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

    Returns:
        Scalar, float32: the mean over the 2N rows.

    Raises:
        ValueError: if the temperature is not greater than 0 or the shapes differ.

    Reference:
        SimCLR (Chen et al. 2020), equation 1 and algorithm 1.
    """
    check_positive("temperature", temperature)
    z_a, z_b = ops.convert_to_tensor(z_a), ops.convert_to_tensor(z_b)
    _check_shapes(tuple(z_a.shape), tuple(z_b.shape))
    z_a, z_b = _normalize(z_a), _normalize(z_b)
    z = ops.concatenate([z_a, z_b], axis=0)
    similarities = ops.matmul(z, ops.transpose(z)) / temperature
    count = ops.shape(z)[0]
    rows = ops.arange(count)
    own = ops.equal(rows[:, None], rows[None, :])
    candidates = ops.where(own, -float("inf"), similarities)
    positive = ops.sum(z_a * z_b, axis=1) / temperature
    return ops.mean(ops.logsumexp(candidates, axis=1)) - ops.mean(positive)


def _check_shapes(a: tuple, b: tuple) -> None:
    # A size that is not known while tracing is None.
    same = all(m == n or None in (m, n) for m, n in zip(a, b, strict=False))
    if len(a) != 2 or len(b) != 2 or not same:
        raise ValueError(
            "`z_a` and `z_b` must both have the shape [N, k]. "
            f"Received: z_a.shape={a}, z_b.shape={b}"
        )


def _normalize(z):
    z = ops.cast(z, "float32")
    # Larger squares would overflow.
    peak = ops.max(ops.abs(z), axis=1, keepdims=True)
    z = z / ops.stop_gradient(ops.where(peak > 1e15, peak, 1.0))
    # A zero row is not divided by a small number: its gradient must fit into float16 as well.
    squared = ops.sum(z * z, axis=1, keepdims=True)
    return z * ops.rsqrt(ops.where(squared > 1e-12, squared, 1.0))


@keras.saving.register_keras_serializable(package="simclr_tf")
class NTXent(keras.losses.Loss):
    """`nt_xent` as a Keras loss: `y_true` holds the first views' projections, `y_pred` the second.

    Args:
        temperature: greater than 0.
        name: of the loss.

    Example:
        >>> loss = NTXent(temperature=0.5)(z_a, z_b)
    """

    def __init__(self, temperature: float = 0.1, name: str = "nt_xent") -> None:
        super().__init__(name=name, reduction=None)
        check_positive("temperature", temperature)
        self.temperature = temperature

    def call(self, y_true, y_pred):
        return nt_xent(y_true, y_pred, self.temperature)

    def get_config(self):
        return {"temperature": self.temperature, "name": self.name}
