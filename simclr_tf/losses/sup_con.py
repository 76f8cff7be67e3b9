"""The supervised contrastive loss."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from simclr_tf.checks import check_at_least, check_positive
from simclr_tf.losses.blockwise import log_sum_exp_of_others
from simclr_tf.losses.label_loss import LabelLoss
from simclr_tf.losses.shared_rows import log_sum_exp_in_shares
from simclr_tf.losses.unit_rows import unit_rows


def sup_con(
    z: Any,
    labels: Any,
    temperature: float = 0.1,
    block_size: int | None = None,
    *,
    in_shares: bool = False,
) -> tf.Tensor:
    """SupCon: each row must find all others of its label among the other M − 1.

    With the M rows scaled to length 1, s_ij = z_i·z_j / temperature and P(i) the other rows that
    carry the label of i:

        loss = mean over rows i with positives of
               1/|P(i)| Σ_{p∈P(i)} ( log Σ_{j≠i} exp(s_ij) − s_ip )

    A row without positives is left out of the mean; without any row left the loss is 0. A row of
    label −1 is a negative to all others and nothing else, also to its own other views. Rows are
    cast to float32 first. With two views and another label for every picture this is `nt_xent`.

    Args:
        z: projections `[B, k]`, or `[B, V, k]` with V views of each picture; any float type.
        labels: whole numbers `[B]`; −1 marks a picture without label.
        temperature: greater than 0; the paper uses 0.1.
        block_size: see `nt_xent`, of which 2N are the M = B V rows here.
        in_shares: see `nt_xent`.

    Returns:
        Scalar, float32.

    Raises:
        ValueError: if the temperature is not greater than 0, the block size is below 1 or the
            shapes do not fit.

    Reference:
        Khosla et al. 2020, "Supervised Contrastive Learning", equation 2 (L_out), there summed
        over the rows instead of averaged.
    """
    check_positive("temperature", temperature)
    z, labels = tf.convert_to_tensor(z), tf.convert_to_tensor(labels)
    _check_shapes(z.shape, labels.shape)
    if len(z.shape) == 3:
        labels = tf.repeat(labels, tf.shape(z)[1])
        z = tf.reshape(z, [-1, z.shape[2]])
    z = unit_rows(z)
    log_sum_exp = log_sum_exp_in_shares if in_shares else log_sum_exp_of_others
    candidates = log_sum_exp(z, temperature, block_size)
    # Σ_p s_ip is the product with the sum of the class: no matrix of pairs is needed.
    classes, own_class, sizes = tf.unique_with_counts(labels)
    sums = tf.math.unsorted_segment_sum(z, own_class, tf.size(classes))
    to_positives = tf.reduce_sum(z * (tf.gather(sums, own_class) - z), axis=1) / temperature
    positives = tf.cast(tf.gather(sizes, own_class) - 1, tf.float32)
    counted = tf.cast(tf.logical_and(labels >= 0, positives > 0), tf.float32)
    of_row = candidates - to_positives / tf.maximum(positives, 1.0)
    return tf.math.divide_no_nan(tf.reduce_sum(of_row * counted), tf.reduce_sum(counted))


def _check_shapes(z: tf.TensorShape, labels: tf.TensorShape) -> None:
    if len(z) not in (2, 3) or len(labels) != 1 or not z[:1].is_compatible_with(labels):
        raise ValueError(
            "`z` must have the shape [B, k] or [B, V, k] and `labels` the shape [B]. "
            f"Received: z.shape={tuple(z)}, labels.shape={tuple(labels)}"
        )


@keras.saving.register_keras_serializable(package="simclr_tf")
class SupCon(LabelLoss):
    """`sup_con` as a Keras loss: `y_true` holds the labels, `y_pred` the projections.

    Args:
        temperature: greater than 0.
        block_size: see `nt_xent`.
        name: of the loss.

    Example:
        >>> loss = SupCon(temperature=0.1)(labels, z)
    """

    def __init__(
        self, temperature: float = 0.1, block_size: int | None = None, name: str = "sup_con"
    ) -> None:
        super().__init__(name)
        check_positive("temperature", temperature)
        if block_size is not None:
            check_at_least("block_size", block_size, 1)
        self.temperature = temperature
        self.block_size = block_size

    def call(self, y_true, y_pred):
        return sup_con(y_pred, y_true, self.temperature, self.block_size)

    def get_config(self):
        return {
            "temperature": self.temperature,
            "block_size": self.block_size,
            "name": self.name,
        }
