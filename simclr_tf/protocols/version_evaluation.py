"""What one version of a run is worth on its test pictures, and what it finds similar."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from simclr_tf.checks import check_between
from simclr_tf.data import PictureSet, PictureSplits
from simclr_tf.encoders import load_encoder
from simclr_tf.encoders.load import load_keras_model
from simclr_tf.files import read_json, write_json
from simclr_tf.plots import (
    Neighbour,
    new_figure,
    plot_confusion_matrix,
    plot_neighbours,
    save_figure,
)
from simclr_tf.protocols.broader_classes import broader_classes
from simclr_tf.protocols.embedding_report import features_report
from simclr_tf.protocols.evaluation_settings import EvaluationSettings
from simclr_tf.protocols.figures import figure_lines
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.labelled_splits import labelled_training
from simclr_tf.protocols.probes import SplitFeatures, split_features
from simclr_tf.protocols.supervised import CLASSIFIER_FILE, test_report
from simclr_tf.runs import read_config
from simclr_tf.similarity import top_k_cosine

_STORED_FILE = "metrics.json"
_MOST_CLASSES = 40


@dataclasses.dataclass(frozen=True)
class SimilarPictures:
    """A test picture and its nearest labelled training pictures.

    Attributes:
        query: row of the query among the labelled test pictures.
        rows: rows int64 `[k]` of the neighbours, nearest first.
        scores: their cosines float32 `[k]`.
    """

    query: int
    rows: np.ndarray
    scores: np.ndarray


def evaluate_version(
    version: str | os.PathLike[str],
    splits: PictureSplits,
    output_dir: str | os.PathLike[str],
    settings: EvaluationSettings | None = None,
) -> dict[str, Any]:
    """Measures the encoder of a version on the test pictures and draws what one of them finds.

    The gallery is the run's own: the training pictures whose labels it could use.

    Args:
        version: folder of the version, with config.json and encoder.keras.
        splits: the run's pictures, with labels in all three splits.
        output_dir: folder of metrics.json, similar.png and, where the version has a classifier,
            confusion_matrix.png; made where it does not exist.
        settings: what is measured and shown.

    Returns:
        What metrics.json holds: the figures of `embedding_report`; `before` and `after`, those
        that a fine-tuning stored; `classification`, the report of a classifier; and `query`,
        `query_class` and `similar`, its neighbours with class and score.

    Raises:
        ValueError: if the version has no encoder, a split has no labels, or the gallery has
            fewer pictures than are to be shown.
    """
    settings = settings or EvaluationSettings()
    version, output = pathlib.Path(version), pathlib.Path(output_dir)
    config = read_config(version)
    encoder = load_encoder(version)
    budget = LabelBudget(config.get("labels_per_class"), config.get("label_fraction"))
    splits = labelled_training(splits, budget, config.get("seed", 0))
    queries, gallery = splits.test.labelled(), splits.train
    check_between("num_show_similar", settings.num_show_similar, 1, len(gallery))
    features = split_features(encoder, splits)
    similar = similar_pictures(features, settings)
    metrics = {
        **features_report(features, settings.probe_linearly, broader_classes(gallery, queries)),
        **_stored(version),
        "labels": len(gallery),
        "version": version.name,
        **_described(similar, queries, gallery),
    }
    output.mkdir(parents=True, exist_ok=True)
    save_figure(draw_similar(similar, queries, gallery).figure, output / "similar.png")
    classification = _classify(version, queries, output)
    if classification is not None:
        metrics["classification"] = classification
        metrics["classifier_accuracy"] = classification["accuracy"]
    write_json(output / "metrics.json", metrics)
    return metrics


def similar_pictures(features: SplitFeatures, settings: EvaluationSettings) -> SimilarPictures:
    """Draws a test picture and finds its nearest labelled training pictures."""
    query = int(np.random.default_rng(settings.query_seed).integers(len(features.test)))
    scores, rows = top_k_cosine(
        features.test[query : query + 1], features.train, settings.num_show_similar
    )
    return SimilarPictures(query, rows[0], scores[0])


def draw_similar(similar: SimilarPictures, queries: PictureSet, gallery: PictureSet) -> Any:
    """Draws the query beside what it found; returns the `Axes` of the query."""
    label = queries.labels[similar.query]
    found = [
        Neighbour(
            gallery.images[row],
            float(score),
            gallery.class_names[gallery.labels[row]],
            bool(gallery.labels[row] == label),
        )
        for row, score in zip(similar.rows, similar.scores, strict=True)
    ]
    axes = plot_neighbours([queries.images[similar.query]], [found], [queries.class_names[label]])
    return axes[0, 0]


def format_evaluation(metrics: Mapping[str, Any]) -> str:
    """Returns what `evaluate_version` found as lines of text for a terminal."""
    columns = {"before": metrics.get("before"), "after": metrics.get("after"), "now": metrics}
    lines = [
        f"{metrics['queries']} queries on test, {metrics['labels']} labelled pictures as gallery, "
        "in %:",
        *figure_lines({name: values for name, values in columns.items() if values is not None}),
    ]
    if "classification" in metrics:
        lines += ["", *_classification_lines(metrics["classification"])]
    lines += ["", f"{metrics['query']} ({metrics['query_class']}) finds:"]
    for picture in metrics["similar"]:
        mark = "✓" if picture["correct"] else "✗"
        lines.append(f"  {picture['score']:7.4f} {mark} {picture['class']}  {picture['picture']}")
    return "\n".join(lines)


def _classification_lines(report: Mapping[str, Any]) -> list[str]:
    lines = [
        f"Classifier: accuracy {100 * report['accuracy']:.1f} % "
        f"(mean of the classes {100 * report['macro_accuracy']:.1f} %)"
    ]
    per_class = report["per_class"]
    if len(per_class) <= _MOST_CLASSES:
        lines += [f"  {name:21}{100 * value:8.1f}" for name, value in per_class.items()]
    return lines


def _stored(version: pathlib.Path) -> dict[str, Any]:
    path = version / _STORED_FILE
    if not path.is_file():
        return {}
    stored = read_json(path, dict)
    return {name: stored[name] for name in ("before", "after") if name in stored}


def _described(
    similar: SimilarPictures, queries: PictureSet, gallery: PictureSet
) -> dict[str, Any]:
    label = queries.labels[similar.query]
    return {
        "query": queries.ids[similar.query],
        "query_class": queries.class_names[label],
        "similar": [
            {
                "picture": gallery.ids[row],
                "class": gallery.class_names[gallery.labels[row]],
                "score": float(score),
                "correct": bool(gallery.labels[row] == label),
            }
            for row, score in zip(similar.rows, similar.scores, strict=True)
        ],
    }


def _classify(
    version: pathlib.Path, test: PictureSet, output: pathlib.Path
) -> dict[str, Any] | None:
    """Reports on the version's classifier and draws its confusions, where it has one."""
    path = version / CLASSIFIER_FILE
    if not path.is_file():
        return None
    model = load_keras_model(path)
    if model.num_classes != len(test.class_names):
        raise ValueError(
            f"The classifier of {version} tells {model.num_classes} classes apart: `data_dir` must "
            f"have as many. Received: {len(test.class_names)} classes"
        )
    # Files of earlier versions do not know their classes.
    for known, name in zip(model.class_names or (), test.class_names, strict=False):
        if known != name:
            raise ValueError(
                f"The classifier of {version} knows the class {known!r} where `data_dir` has "
                f"another: they must have the same classes. Received: {name!r}"
            )
    report = test_report(model, test)
    if "confusion_matrix" in report:
        figure = new_figure(9.5, 8.5)
        plot_confusion_matrix(report["confusion_matrix"], test.class_names, "Classifier", figure)
        save_figure(figure, output / "confusion_matrix.png")
    return report
