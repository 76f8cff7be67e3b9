"""Multinomial logistic regression on frozen features."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import threadpoolctl  # type: ignore[import-untyped]
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from simclr_tf.checks import check_at_least, check_positive
from simclr_tf.evaluation.labelled_features import check_labelled_features

_MAX_ITERATIONS = 1000
_REGULARISATIONS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


@dataclasses.dataclass(frozen=True, eq=False)
class LinearProbe:
    """A linear classifier of standardised features.

    Attributes:
        classes: Labels `[c]` seen in training; only these can be predicted.
        mean: Mean `[d]` of the training features.
        scale: Standard deviation `[d]` of the training features; 1 where it is 0.
        weights: Weights `[d, c]` on standardised features.
        bias: Biases `[c]`.
        regularisation: The chosen `C`, the inverse strength of the L2 penalty.
        converged: Whether the optimiser reached its tolerance at that `C`.
        validation_accuracy: Accuracy on the validation pictures at that `C`, a fraction.
        validation_accuracies: The same for each `C` that was tried.
    """

    classes: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    regularisation: float
    converged: bool = True
    validation_accuracy: float = float("nan")
    validation_accuracies: dict[float, float] = dataclasses.field(default_factory=dict)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Returns the predicted labels `[n]` of features `[n, d]`."""
        return self.classes[self._logits(features).argmax(axis=1)]

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Returns probabilities float32 `[n, c]` of features `[n, d]`, columns as `classes`."""
        logits = self._logits(features)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    def _logits(self, features: np.ndarray) -> np.ndarray:
        return _standardise(features, self.mean, self.scale) @ self.weights + self.bias


def fit_linear_probe(
    train_features: np.ndarray,
    train_labels: np.ndarray,
    validation_features: np.ndarray,
    validation_labels: np.ndarray,
    *,
    regularisations: Sequence[float] = _REGULARISATIONS,
    seed: int = 0,
) -> LinearProbe:
    """Fits a linear probe on the training labels and chooses its penalty on validation.

    The penalty is the only thing taken from the validation pictures: the weights and
    the standardisation come from the training pictures alone.

    Args:
        train_features: Features `[n, d]` of the labelled training pictures.
        train_labels: Labels `[n]`, at least 0, of two classes or more.
        validation_features: Features `[v, d]`.
        validation_labels: Labels `[v]`; a class that training lacks counts as wrong.
        regularisations: Values of `C` to try, each greater than 0; a smaller `C` is a
            stronger penalty. From 1e-4 to 100, two a decade, by default.
        seed: Handed to scikit-learn. The problem is convex and lbfgs is deterministic,
            so the result does not depend on it.

    Returns:
        The probe with the best validation accuracy; of equal ones the strongest penalty.

    Raises:
        ValueError: Fewer than two classes in `train_labels`, no rows, or an argument out
            of range.
    """
    train_labels = check_labelled_features("train", train_features, train_labels)
    validation_labels = check_labelled_features(
        "validation", validation_features, validation_labels
    )
    check_at_least("len(regularisations)", len(regularisations), 1)
    check_positive("regularisations", min(regularisations))
    classes = _at_least_two_classes(train_labels)
    mean, scale = _mean_and_scale(train_features)
    train = _standardise(train_features, mean, scale)
    probes = [
        LinearProbe(classes, mean, scale, weights, bias, regularisation, converged=converged)
        for regularisation, weights, bias, converged in _solutions(
            train, train_labels, sorted(set(regularisations)), seed
        )
    ]
    accuracies = {
        probe.regularisation: float(
            np.mean(probe.predict(validation_features) == validation_labels)
        )
        for probe in probes
    }
    # `max` keeps the first of equals, which has the strongest penalty.
    best = max(probes, key=lambda probe: accuracies[probe.regularisation])
    return dataclasses.replace(
        best,
        validation_accuracy=accuracies[best.regularisation],
        validation_accuracies=accuracies,
    )


def _at_least_two_classes(train_labels: np.ndarray) -> np.ndarray:
    classes = np.unique(train_labels)
    if len(classes) < 2:
        raise ValueError(
            "`train_labels` must hold at least 2 classes. "
            f"Received: only label {classes[0]} in {len(train_labels)} rows"
        )
    return classes


def _solutions(
    features: np.ndarray, labels: np.ndarray, regularisations: Sequence[float], seed: int
) -> Iterator[tuple[float, np.ndarray, np.ndarray, bool]]:
    """Yields `C`, weights, bias and convergence, each solution starting from the last."""
    model = LogisticRegression(
        max_iter=_MAX_ITERATIONS,
        # The gradient of a class shrinks with its share of the pictures.
        tol=1e-3 / len(np.unique(labels)),
        warm_start=True,
        random_state=seed,
    )
    for regularisation in regularisations:
        model.set_params(C=regularisation)
        # Steps this small are 5 to 50 times slower when BLAS spreads them over threads.
        with warnings.catch_warnings(), threadpoolctl.threadpool_limits(1, user_api="blas"):
            warnings.simplefilter("ignore", ConvergenceWarning)
            # With one label a class scikit-learn suspects a regression.
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
            model.fit(features, labels)
        converged = bool(np.max(model.n_iter_) < _MAX_ITERATIONS)
        yield (regularisation, *_weights_and_bias(model), converged)


def _weights_and_bias(model: LogisticRegression) -> tuple[np.ndarray, np.ndarray]:
    """Returns `[d, c]` and `[c]`, also for two classes, where scikit-learn keeps one row."""
    weights, bias = model.coef_, model.intercept_
    if len(weights) == 1:
        weights = np.concatenate([np.zeros_like(weights), weights])
        bias = np.concatenate([np.zeros_like(bias), bias])
    return weights.T.astype(np.float32), bias.astype(np.float32)


def _mean_and_scale(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = features.mean(axis=0, dtype=np.float64)
    scale = features.std(axis=0, dtype=np.float64)
    # Rounding leaves a constant feature with a deviation just above 0.
    constant = scale <= 1e-6 * np.abs(mean)
    return mean.astype(np.float32), np.where(constant, 1.0, scale).astype(np.float32)


def _standardise(features: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return ((features - mean) / scale).astype(np.float32)
