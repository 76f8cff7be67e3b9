"""The triplet loss with its ways of choosing triplets within a batch."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from simclr_tf.checks import check_at_least, check_one_of, check_positive
from simclr_tf.losses.distances import DISTANCES, pairwise_distances
from simclr_tf.losses.label_loss import LabelLoss
from simclr_tf.losses.unit_rows import unit_rows

MINING = ("all", "hard", "semi_hard", "random")
UNLABELLED = -1


def triplet(
    z: Any,
    labels: Any,
    margin: float = 1.0,
    mining: str = "all",
    distance: str = "squared_euclidean",
    soft: bool = False,
    *,
    normalize: bool = False,
    nonzero_mean: bool = False,
    seed: Any = 0,
) -> Any:
    """Triplet loss: an anchor lies nearer to its own class than to others, by a margin.

    With d the distance, a triplet (anchor a, positive p of its class, negative n of another)
    costs max(0, margin + d(a, p) − d(a, n)), or ln(1 + exp(d(a, p) − d(a, n))) where `soft`.
    Which triplets take part, and what the mean is over:

    - `"all"`: every triplet of the batch; mean over triplets. `soft` needs memory for all N³ of
      them, the hinge for N² only, as the other ways do.
    - `"hard"`: for each anchor its farthest positive and its nearest negative; mean over anchors.
    - `"semi_hard"`: for each pair (a, p) the nearest negative that is farther than p, or, where
      there is none, the farthest negative; mean over pairs.
    - `"random"`: for each anchor one positive and one negative, uniform; mean over anchors.

    An anchor (or pair) that has no positive or no negative takes no part, and does not count as
    0; without any triplet the loss is 0. A row labelled −1 is a negative of all labelled rows and
    nothing else. Embeddings of equal length 1 are what FaceNet means: pass `normalize=True`
    unless the network ends so.

    Args:
        z: embeddings `[N, k]`, any float type; cast to float32.
        labels: whole numbers `[N]`; −1 means no label.
        margin: greater than 0; not used where `soft`.
        mining: `"all"`, `"hard"`, `"semi_hard"` or `"random"`.
        distance: `"squared_euclidean"` (FaceNet), `"euclidean"` (Hermans et al.) or `"cosine"`.
        soft: soft margin instead of the hinge.
        normalize: scale the rows to length 1 first; `"cosine"` does so in any case.
        nonzero_mean: take the mean over the triplets that cost anything, so that the many solved
            ones do not shrink the gradient.
        seed: of `"random"`: a whole number, or int32 `[2]`; the same seed draws the same triplets.

    Returns:
        Scalar, float32.

    Raises:
        ValueError: if an argument is not accepted or the shapes do not match.

    Reference:
        FaceNet (Schroff et al. 2015), equations 3 and 4 and section 3.2, for semi-hard; its range
        d(a, p) < d(a, n) < d(a, p) + margin needs no upper end, since a hinge beyond it is 0. The
        farthest negative in place of a missing one is tensorflow-addons'. Hermans et al. 2017,
        "In defense of the triplet loss", equation 5 for hard, 7 for all, section 2 for soft and
        for the mean over what is not 0.
    """
    check_arguments(margin, mining, distance)
    z, labels = ops.convert_to_tensor(z), ops.convert_to_tensor(labels)
    _check_shapes(tuple(z.shape), tuple(labels.shape))
    z, labels = ops.cast(z, "float32"), ops.cast(labels, "int32")
    distances = pairwise_distances(unit_rows(z) if normalize else z, distance)
    positive, negative = _masks(labels)
    if mining == "all" and not soft:
        return _mean_of_all_hinges(distances, positive, negative, margin, nonzero_mean)
    if mining == "all":
        to_positive, to_negative = distances[:, :, None], distances[:, None, :]
        taken = ops.logical_and(positive[:, :, None], negative[:, None, :])
    elif mining == "hard":
        to_positive = ops.max(ops.where(positive, distances, 0.0), axis=1)
        to_negative = _smallest(distances, negative)
        taken = _anchors(positive, negative)
    elif mining == "semi_hard":
        to_positive, to_negative = distances, _semi_hard(distances, negative)
        taken = ops.logical_and(positive, ops.any(negative, axis=1, keepdims=True))
    else:
        to_positive, to_negative = _random_pairs(distances, positive, negative, seed)
        taken = _anchors(positive, negative)
    difference = ops.where(taken, to_positive - to_negative, 0.0)
    costs = ops.softplus(difference) if soft else ops.relu(margin + difference)
    costs = ops.where(taken, costs, 0.0)
    counted = costs > 0 if nonzero_mean else taken
    return _safe_ratio(ops.sum(costs), ops.sum(ops.cast(counted, "float32")))


def check_arguments(margin: float, mining: str, distance: str) -> None:
    """Raises `ValueError` unless `triplet` accepts these arguments."""
    check_positive("margin", margin)
    check_one_of("mining", mining, MINING)
    check_one_of("distance", distance, DISTANCES)


def _check_shapes(z: tuple, labels: tuple) -> None:
    # A size that is not known while tracing is None.
    if len(z) != 2 or len(labels) != 1 or (z[0] != labels[0] and None not in (z[0], labels[0])):
        raise ValueError(
            "`z` must have the shape [N, k] and `labels` [N]. "
            f"Received: z.shape={z}, labels.shape={labels}"
        )


def _masks(labels):
    """Bool `[N, N]` twice: whether the column is a positive, or a negative, of the row."""
    rows = ops.arange(ops.shape(labels)[0])
    same = ops.equal(labels[:, None], labels[None, :])
    known = ops.not_equal(labels, UNLABELLED)[:, None]
    positive = ops.logical_and(same, ops.not_equal(rows[:, None], rows[None, :]))
    return ops.logical_and(positive, known), ops.logical_and(ops.logical_not(same), known)


def _anchors(positive, negative):
    return ops.logical_and(ops.any(positive, axis=1), ops.any(negative, axis=1))


def _smallest(distances, mask):
    """The smallest distance of each row where `mask`; a large number where there is none."""
    return ops.min(ops.where(mask, distances, _FAR), axis=-1)


def _semi_hard(distances, negative):
    """The distance `[N, N]` from the row, as anchor, to the negative it takes with the column."""
    ordered = ops.sort(ops.where(negative, distances, _FAR), axis=1)
    # One more place, for where no negative is farther.
    ordered = ops.pad(ordered, [[0, 0], [0, 1]], constant_values=_FAR)
    place = tf.searchsorted(ops.stop_gradient(ordered), distances, side="right")
    outside = ops.take_along_axis(ordered, ops.minimum(place, ops.shape(distances)[1]), axis=1)
    inside = ops.max(ops.where(negative, distances, 0.0), axis=1, keepdims=True)
    return ops.where(outside < _FAR, outside, inside)


def _random_pairs(distances, positive, negative, seed):
    seed = ops.cast(ops.convert_to_tensor(seed), "int32")
    seed = ops.stack([seed, ops.zeros_like(seed)]) if len(seed.shape) == 0 else seed
    pairs = []
    seeds = tf.unstack(tf.random.split(seed, 2))
    for own_seed, mask in zip(seeds, (positive, negative), strict=True):
        scores = tf.random.stateless_uniform(ops.shape(distances), own_seed)
        drawn = ops.argmax(ops.where(mask, scores, -1.0), axis=1)
        pairs.append(ops.take_along_axis(distances, drawn[:, None], axis=1)[:, 0])
    return pairs


def _mean_of_all_hinges(distances, positive, negative, margin, nonzero_mean):
    """The mean of max(0, t_p − d_n) over all triplets, where t_p = margin + d_p.

    When c of an anchor's negatives lie below t_p and s is the sum of their distances, the pair
    costs c·t_p − s: one sort of each row in place of all N³ triplets.
    """
    ordered = ops.sort(ops.where(negative, distances, _FAR), axis=1)
    thresholds = margin + distances
    below = tf.searchsorted(ops.stop_gradient(ordered), thresholds, side="left")
    sums = ops.cumsum(ops.where(ordered < _FAR, ordered, 0.0), axis=1)
    sums = ops.pad(sums, [[0, 0], [1, 0]])
    below_sums = ops.take_along_axis(sums, below, axis=1)
    below = ops.cast(below, "float32")
    costs = ops.where(positive, below * thresholds - below_sums, 0.0)
    if nonzero_mean:
        return _safe_ratio(ops.sum(costs), ops.sum(ops.where(positive, below, 0.0)))
    positives, negatives = (
        ops.sum(ops.cast(mask, "float32"), axis=1) for mask in (positive, negative)
    )
    return _safe_ratio(ops.sum(costs), ops.sum(positives * negatives))


def _safe_ratio(total, count):
    return total / ops.maximum(count, 1.0)


# Greater than any distance; infinity would make NaN of a gradient that is multiplied by 0.
_FAR = 1e30


@keras.saving.register_keras_serializable(package="simclr_tf")
class Triplet(LabelLoss):
    """`triplet` as a Keras loss: `y_true` holds the labels, `y_pred` the embeddings.

    Args:
        margin: see `triplet`, as all others.
        mining: `"random"` draws with the same seed in every step.
        distance: of two embeddings.
        soft: soft margin.
        normalize: scale the embeddings to length 1.
        nonzero_mean: mean over the triplets that cost anything.
        seed: of `mining="random"`, a whole number of at least 0.
        name: of the loss.

    Example:
        >>> loss = Triplet(margin=0.2, mining="semi_hard", normalize=True)(labels, z)
    """

    def __init__(
        self,
        margin: float = 1.0,
        mining: str = "all",
        distance: str = "squared_euclidean",
        soft: bool = False,
        normalize: bool = False,
        nonzero_mean: bool = False,
        seed: int = 0,
        name: str = "triplet",
    ) -> None:
        super().__init__(name)
        check_arguments(margin, mining, distance)
        check_at_least("seed", seed, 0)
        self.arguments: dict[str, Any] = {
            "margin": margin,
            "mining": mining,
            "distance": distance,
            "soft": soft,
            "normalize": normalize,
            "nonzero_mean": nonzero_mean,
            "seed": seed,
        }

    def call(self, y_true, y_pred):
        return triplet(y_pred, y_true, **self.arguments)

    def get_config(self):
        return {**self.arguments, "name": self.name}
