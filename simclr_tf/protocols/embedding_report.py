"""What an embedding is worth: retrieval, nearest neighbours and a linear probe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from simclr_tf.data import PictureSplits
from simclr_tf.metrics import evaluate_retrieval
from simclr_tf.protocols.broader_classes import BroaderClasses, broader_classes
from simclr_tf.protocols.figures import RETRIEVAL
from simclr_tf.protocols.probes import SplitFeatures, knn_probe, linear_probe, split_features


def embedding_report(
    network: keras.Model, splits: PictureSplits, probe_linearly: bool = True
) -> dict[str, Any]:
    """Measures the embedding of `network` on the test pictures, once.

    The gallery of the retrieval and the examples of the probes are the labelled training
    pictures; validation chooses the number of neighbours and the penalty.

    Args:
        network: from pictures to embeddings.
        splits: pictures with labels in all three splits.
        probe_linearly: fit the linear probe, which takes long with thousands of classes.

    Returns:
        `top_1`, `top_3`, `top_5` and `map_at_r` over the queries, each with its interval in
        `ci95`; `macro` over the classes; `per_class`; `queries`; `left_out_lone`, queries of
        whose class the gallery has none; `knn_accuracy`; `linear_probe_accuracy`; and, where the
        classes lie in broader ones (see `broader_classes`), `broader`: for each level the number
        of `classes`, the same four measures of finding a picture of the same broader class, and
        their `ci95`.

    Raises:
        ValueError: if a split has no labels, or no query has its class in the gallery.
    """
    broader = broader_classes(splits.train.labelled(), splits.test.labelled())
    return features_report(split_features(network, splits), probe_linearly, broader)


def features_report(
    features: SplitFeatures, probe_linearly: bool = True, broader: Sequence[BroaderClasses] = ()
) -> dict[str, Any]:
    """Does what `embedding_report` does for embeddings that were made before."""
    report = evaluate_retrieval(
        features.test, features.test_labels, features.train, features.train_labels
    )
    summary = report.summary(features.class_names)
    rows = np.arange(len(features.train))
    figures = {
        **_chosen(summary),
        "ci95": _chosen(summary["ci95"]),
        "macro": _chosen(summary["macro"]),
        "per_class": {
            name: {"count": values["count"], **_chosen(values)}
            for name, values in summary["per_class"].items()
        },
        "queries": summary["queries"],
        "left_out_lone": summary["left_out_lone"],
        "knn_accuracy": knn_probe(features, rows)[1]["accuracy"],
    }
    if probe_linearly:
        figures["linear_probe_accuracy"] = linear_probe(features, rows)[1]["accuracy"]
    if broader:
        figures["broader"] = {level.name: _broader_report(features, level) for level in broader}
    return figures


def _broader_report(features: SplitFeatures, level: BroaderClasses) -> dict[str, Any]:
    report = evaluate_retrieval(
        features.test, level.query_labels, features.train, level.gallery_labels
    )
    intervals = {name: list(pair) for name, pair in report.intervals().items()}
    return {"classes": level.count, **_chosen(report.micro()), "ci95": _chosen(intervals)}


def _chosen(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in RETRIEVAL}
