"""Probe a frozen encoder with few or all labels."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import keras
import numpy as np

from simclr_tf.data import PictureSplits
from simclr_tf.evaluation import (
    NEIGHBOURS,
    FeatureExtractor,
    KNNProbe,
    LinearProbe,
    classification_report,
    fit_knn_probe,
    fit_linear_probe,
)
from simclr_tf.protocols.labelled_splits import check_labelled_splits


@dataclasses.dataclass(frozen=True)
class SplitFeatures:
    """Features h of a frozen encoder for the labelled pictures of each split.

    Attributes:
        train: float32 `[n, d]`; rows of unlabelled pictures are left out.
        train_labels: int32 `[n]`.
        validation: float32 `[v, d]`.
        validation_labels: int32 `[v]`.
        test: float32 `[t, d]`.
        test_labels: int32 `[t]`.
        class_names: label i is `class_names[i]`.
        seconds: wall time of the extraction.
    """

    train: np.ndarray
    train_labels: np.ndarray
    validation: np.ndarray
    validation_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]
    seconds: float


def split_features(
    encoder: keras.Model, splits: PictureSplits, across_workers: bool = False
) -> SplitFeatures:
    """Extracts the features of every labelled picture, with the encoder frozen.

    Args:
        encoder: from raw pictures to features.
        splits: pictures with labels in all three splits.
        across_workers: see `FeatureExtractor`.

    Raises:
        ValueError: if a split has no labelled pictures, or train those of one class only.
    """
    check_labelled_splits(splits)
    begin = time.perf_counter()
    extract = FeatureExtractor(encoder, across_workers=across_workers)
    values: dict[str, np.ndarray] = {}
    for name in ("train", "validation", "test"):
        labelled = getattr(splits, name).labelled()
        values[name] = extract(labelled.images)
        values[f"{name}_labels"] = labelled.labels
    seconds = time.perf_counter() - begin
    return SplitFeatures(**values, class_names=splits.train.class_names, seconds=seconds)


def linear_probe(features: SplitFeatures, rows: np.ndarray) -> tuple[LinearProbe, dict[str, Any]]:
    """Fits a linear probe on the labelled training `rows` and tests it once.

    Args:
        features: of all splits.
        rows: int `[m]`, which rows of `features.train` have labels that may be used.

    Returns:
        The probe, and the report of `classification_report` on test with the chosen penalty.
    """
    probe = fit_linear_probe(
        features.train[rows],
        features.train_labels[rows],
        features.validation,
        features.validation_labels,
    )
    report = _report(probe, features)
    report["regularisation"] = probe.regularisation
    report["converged"] = probe.converged
    return probe, report


def knn_probe(
    features: SplitFeatures, rows: np.ndarray, k: int | None = None, temperature: float = 0.1
) -> tuple[KNNProbe, dict[str, Any]]:
    """Tests a weighted kNN over the labelled training `rows` once.

    Args:
        features: of all splits.
        rows: int `[m]`, which rows of `features.train` have labels that may be used.
        k: neighbours that vote; by default chosen on validation.
        temperature: of the votes, greater than 0.

    Returns:
        The probe, and the report of `classification_report` on test.
    """
    probe = fit_knn_probe(
        features.train[rows],
        features.train_labels[rows],
        features.validation,
        features.validation_labels,
        ks=NEIGHBOURS if k is None else (k,),
        temperature=temperature,
    )
    report = _report(probe, features)
    report["k"] = probe.k
    report["temperature"] = probe.temperature
    return probe, report


def _report(probe: LinearProbe | KNNProbe, features: SplitFeatures) -> dict[str, Any]:
    report = classification_report(
        features.test_labels, probe.predict(features.test), features.class_names
    )
    return {**report, "validation_accuracy": probe.validation_accuracy}
