"""The multi-class N-pair loss."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from simclr_tf.checks import check_at_least
from simclr_tf.losses.label_loss import LabelLoss
from simclr_tf.losses.triplet import UNLABELLED


def n_pairs(anchors: Any, positives: Any, labels: Any, l2_weight: float = 0.0) -> Any:
    """N-pair loss: each anchor must find the positives of its class among all positives.

    With s_ij = anchor_i · positive_j (not normalised) and P(i) the rows of the label of i:

        loss = mean_i ( log Σ_j exp(s_ij) − 1/|P(i)| Σ_{j∈P(i)} s_ij )

    A row labelled −1 takes part as a candidate only. With one pair a class this is the paper's
    loss; several pairs of a class share the target, as in tensorflow-addons.

    Args:
        anchors: `[N, k]`, any float type; cast to float32.
        positives: `[N, k]`; row i is of the class of anchor i.
        labels: whole numbers `[N]`; −1 means no label.
        l2_weight: at least 0; times the mean squared length of anchors and positives, which
            keeps the unbounded products in check. Defaults to 0.

    Returns:
        Scalar, float32; 0 where no row has a label.

    Raises:
        ValueError: if the shapes do not match or `l2_weight` is negative.

    Reference:
        Sohn 2016, "Improved deep metric learning with multi-class N-pair loss objective",
        equation 6, and section 3.2.3 for the regularisation.
    """
    check_at_least("l2_weight", l2_weight, 0)
    anchors, positives, labels = map(ops.convert_to_tensor, (anchors, positives, labels))
    _check_shapes(tuple(anchors.shape), tuple(positives.shape), tuple(labels.shape))
    anchors, positives = ops.cast(anchors, "float32"), ops.cast(positives, "float32")
    labels = ops.cast(labels, "int32")
    products = ops.matmul(anchors, ops.transpose(positives))
    same = ops.cast(ops.equal(labels[:, None], labels[None, :]), "float32")
    # The difference to the target's mean: both could be large where their distance is not.
    own = ops.sum(same * products, axis=1) / ops.sum(same, axis=1)
    costs = ops.logsumexp(products, axis=1) - own
    labelled = ops.cast(ops.not_equal(labels, UNLABELLED), "float32")
    loss = ops.sum(labelled * costs) / ops.maximum(ops.sum(labelled), 1.0)
    if l2_weight == 0:
        return loss
    lengths = ops.sum(anchors * anchors + positives * positives, axis=1) / 2.0
    return loss + l2_weight * ops.mean(lengths)


def _check_shapes(anchors: tuple, positives: tuple, labels: tuple) -> None:
    # A size that is not known while tracing is None.
    def same(m, n):
        return m == n or None in (m, n)

    ranks = len(anchors), len(positives), len(labels)
    if ranks != (2, 2, 1) or not (
        all(map(same, anchors, positives))
        and same(labels[0], anchors[0])
        and same(labels[0], positives[0])
    ):
        raise ValueError(
            "`anchors` and `positives` must have the shape [N, k] and `labels` [N]. Received: "
            f"anchors.shape={anchors}, positives.shape={positives}, labels.shape={labels}"
        )


@keras.saving.register_keras_serializable(package="simclr_tf")
class NPairs(LabelLoss):
    """`n_pairs` as a Keras loss: `y_true` holds the labels `[N]`, `y_pred` both embeddings.

    Args:
        l2_weight: see `n_pairs`.
        name: of the loss.

    Input shape:
        `y_pred` `[2N, k]`: anchors, then positives in the same order, as two views come.

    Example:
        >>> loss = NPairs(l2_weight=0.002)(labels, ops.concatenate([anchors, positives]))
    """

    def __init__(self, l2_weight: float = 0.0, name: str = "n_pairs") -> None:
        super().__init__(name)
        check_at_least("l2_weight", l2_weight, 0)
        self.l2_weight = l2_weight

    def call(self, y_true, y_pred):
        anchors, positives = ops.split(y_pred, 2, axis=0)
        return n_pairs(anchors, positives, y_true, self.l2_weight)

    def get_config(self):
        return {"l2_weight": self.l2_weight, "name": self.name}
