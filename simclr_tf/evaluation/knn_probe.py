"""Weighted k-nearest-neighbour classification of frozen features."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from simclr_tf.checks import check_at_least, check_positive
from simclr_tf.evaluation.labelled_features import check_labelled_features
from simclr_tf.similarity import top_k_cosine

# Tried on validation where no number is asked for; 200 is the customary one.
NEIGHBOURS = (1, 5, 10, 20, 50, 100, 200)
# 128 MiB: with thousands of classes all queries together would take gigabytes.
_VOTES_AT_ONCE = 1 << 24


def knn_predict(
    gallery_features: np.ndarray,
    gallery_labels: np.ndarray,
    query_features: np.ndarray,
    *,
    k: int = 200,
    temperature: float = 0.1,
    num_classes: int | None = None,
) -> np.ndarray:
    """Lets the `k` nearest neighbours of each query vote with weight `exp(cosine / temperature)`.

    Args:
        gallery_features: Labelled features `[g, d]`.
        gallery_labels: Labels `[g]`, from 0 to `num_classes - 1`.
        query_features: Features `[q, d]` to classify.
        k: Neighbours that vote, at least 1; capped at `g`.
        temperature: Greater than 0; lower values listen more to the nearest.
        num_classes: Number of classes; the largest gallery label + 1 by default.

    Returns:
        Predicted labels int64 `[q]`; of equal votes the lower label wins.

    Raises:
        ValueError: An argument is out of range, or features and labels do not match.

    Reference:
        Wu et al., Unsupervised Feature Learning via Non-Parametric Instance
        Discrimination, 2018, section 3.4 (there k = 200, temperature .07).
    """
    gallery_labels = check_labelled_features("gallery", gallery_features, gallery_labels)
    check_at_least("k", k, 1)
    check_positive("temperature", temperature)
    num_classes = _number_of_classes(gallery_labels, num_classes)
    k = min(k, len(gallery_labels))
    scores, rows = top_k_cosine(query_features, gallery_features, k)
    return _elect(scores, gallery_labels[rows], temperature, num_classes)


@dataclasses.dataclass(frozen=True, eq=False)
class KNNProbe:
    """A labelled gallery with the `k` that was best on validation pictures.

    Attributes:
        gallery_features: Features `[g, d]` of the labelled training pictures.
        gallery_labels: Their labels `[g]`.
        k: Neighbours that vote.
        temperature: Temperature of the votes.
        num_classes: Number of classes.
        validation_accuracy: Accuracy on the validation pictures at `k`, a fraction.
        validation_accuracies: The same for each `k` that was tried.
    """

    gallery_features: np.ndarray
    gallery_labels: np.ndarray
    k: int
    temperature: float
    num_classes: int
    validation_accuracy: float
    validation_accuracies: dict[int, float]

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Returns the predicted labels int64 `[n]` of features `[n, d]`."""
        return knn_predict(
            self.gallery_features,
            self.gallery_labels,
            features,
            k=self.k,
            temperature=self.temperature,
            num_classes=self.num_classes,
        )


def fit_knn_probe(
    train_features: np.ndarray,
    train_labels: np.ndarray,
    validation_features: np.ndarray,
    validation_labels: np.ndarray,
    *,
    ks: Sequence[int] = NEIGHBOURS,
    temperature: float = 0.1,
) -> KNNProbe:
    """Chooses the number of neighbours on validation pictures.

    Args:
        train_features: Features `[n, d]` of the labelled training pictures.
        train_labels: Labels `[n]`, at least 0.
        validation_features: Features `[v, d]`.
        validation_labels: Labels `[v]`; a class that training lacks counts as wrong.
        ks: Numbers of neighbours to try, each at least 1; capped at `n`.
        temperature: Temperature of the votes, greater than 0.

    Returns:
        The probe; of equal validation accuracies the larger `k` is taken, which is
        the smoother choice.

    Raises:
        ValueError: An argument is out of range, or features and labels do not match.
    """
    train_labels = check_labelled_features("train", train_features, train_labels)
    validation_labels = check_labelled_features(
        "validation", validation_features, validation_labels
    )
    check_at_least("len(ks)", len(ks), 1)
    check_at_least("ks", min(ks), 1)
    check_positive("temperature", temperature)
    num_classes = _number_of_classes(train_labels, None)
    ks = sorted({min(k, len(train_labels)) for k in ks})
    scores, rows = top_k_cosine(validation_features, train_features, ks[-1])
    accuracies = {}
    for k in ks:
        elected = _elect(scores[:, :k], train_labels[rows[:, :k]], temperature, num_classes)
        accuracies[k] = float(np.mean(elected == validation_labels))
    best = max(ks, key=lambda k: (accuracies[k], k))
    return KNNProbe(
        gallery_features=train_features,
        gallery_labels=train_labels,
        k=best,
        temperature=temperature,
        num_classes=num_classes,
        validation_accuracy=accuracies[best],
        validation_accuracies=accuracies,
    )


def _elect(
    scores: np.ndarray, labels: np.ndarray, temperature: float, num_classes: int
) -> np.ndarray:
    """Returns the class int64 `[q]` with most votes, a block of queries at a time."""
    rows = max(1, _VOTES_AT_ONCE // num_classes)
    blocks = [slice(start, start + rows) for start in range(0, max(1, len(labels)), rows)]
    votes = (_vote(scores[block], labels[block], temperature, num_classes) for block in blocks)
    return np.concatenate([block.argmax(axis=1) for block in votes])


def _vote(
    scores: np.ndarray, labels: np.ndarray, temperature: float, num_classes: int
) -> np.ndarray:
    """Sums the weights of each class: scores and labels `[q, k]` to votes `[q, classes]`."""
    # Relative to the nearest neighbour: a low temperature cannot overflow.
    weights = np.exp((scores.astype(np.float64) - scores[:, :1]) / temperature)
    cells = np.arange(len(labels))[:, None] * num_classes + labels
    votes = np.bincount(cells.ravel(), weights.ravel(), minlength=len(labels) * num_classes)
    return votes.reshape(len(labels), num_classes)


def _number_of_classes(labels: np.ndarray, num_classes: int | None) -> int:
    largest = int(labels.max())
    if num_classes is None:
        return largest + 1
    check_at_least("num_classes", num_classes, largest + 1)
    return num_classes
