"""The classifier that an exported encoder may carry: a linear probe or a trained layer."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.archives import DAMAGED_FILE_ERRORS, check_archive
from simclr_tf.encoders.find import encoder_fingerprint
from simclr_tf.evaluation.probe_file import read_probe
from simclr_tf.training import Classifier

# What `baseline.py` writes beside the classifier; its classes are in the order of the labels.
_REPORT = "report.json"


@dataclasses.dataclass(frozen=True, eq=False)
class ClassifierHead:
    """Probabilities of classes from features: softmax of `(h - mean) / scale @ weights + bias`.

    Attributes:
        mean: float32 `[d]`.
        scale: float32 `[d]`.
        weights: float32 `[d, c]`.
        bias: float32 `[c]`.
        label_names: names of the `c` classes.
    """

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    label_names: tuple[str, ...]

    def probabilities(self, features: tf.Tensor) -> tf.Tensor:
        """Returns probabilities float32 `[batch, c]` of features `[batch, d]`."""
        standardised = (features - self.mean) / self.scale
        return tf.nn.softmax(tf.matmul(standardised, self.weights) + self.bias)


def read_classifier_head(
    file: str | os.PathLike[str],
    encoder: keras.Model,
    encoder_dir: str | os.PathLike[str],
    label_names: Sequence[str] = (),
) -> ClassifierHead:
    """Reads the classifier of an encoder.

    Args:
        file: `linear_probe.npz` of `linear_probe.py`, or a `classifier.keras` of `baseline.py` or
            `compare.py`.
        encoder: the encoder whose features it takes.
        encoder_dir: where that encoder comes from, see `find_encoder`.
        label_names: names of the classes of a `classifier.keras`, in the order of their labels;
            by default those in `report.json` beside it.

    Raises:
        ValueError: if the file cannot be read, belongs to another encoder, or the names of its
            classes are not known.
    """
    path = pathlib.Path(file).expanduser()
    if path.suffix == ".keras":
        return _of_classifier(path, encoder, label_names)
    saved = read_probe(path)
    if saved.encoder != encoder_fingerprint(encoder_dir):
        raise ValueError(
            "`classifier` must be a probe of this encoder; it was fitted on the features of "
            f"another. Received: classifier={os.fspath(path)!r}"
        )
    probe = saved.probe
    names = tuple(saved.class_names[label] for label in probe.classes)
    return ClassifierHead(probe.mean, probe.scale, probe.weights, probe.bias, names)


def _of_classifier(
    path: pathlib.Path, encoder: keras.Model, label_names: Sequence[str]
) -> ClassifierHead:
    try:
        check_archive(path)
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except (OSError, ImportError, *DAMAGED_FILE_ERRORS, tf.errors.OpError) as error:
        raise ValueError(
            f"`classifier` must be a readable Keras file. Received: {os.fspath(path)!r}"
        ) from error
    if not isinstance(model, Classifier) or not _same_weights(model.encoder, encoder):
        raise ValueError(
            "`classifier` must be a classifier.keras trained with this encoder (its encoder.keras "
            f"lies beside it). Received: classifier={os.fspath(path)!r}"
        )
    weights, bias = model.head.get_weights()
    names = tuple(label_names) or _names_in_report(path.with_name(_REPORT))
    if len(names) != len(bias):
        raise ValueError(
            f"`label_names` must name the {len(bias)} classes of the classifier. "
            f"Received: {len(names)} names"
        )
    size = len(weights)
    return ClassifierHead(
        np.zeros(size, np.float32), np.ones(size, np.float32), weights, bias, names
    )


def _names_in_report(path: pathlib.Path) -> tuple[str, ...]:
    if not path.is_file():
        return ()
    return tuple(json.loads(path.read_text(encoding="utf-8")).get("per_class", ()))


def _same_weights(one: keras.Model, other: keras.Model) -> bool:
    own, theirs = one.get_weights(), other.get_weights()
    return len(own) == len(theirs) and all(map(np.array_equal, own, theirs))
