"""Whether a SavedModel gives what the encoder gives."""

from __future__ import annotations

import io
import os
import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from simclr_tf.evaluation import extract_features
from simclr_tf.export.classifier_head import ClassifierHead
from simclr_tf.export.settings import ExportSettings
from simclr_tf.similarity import l2_normalize

# Largest difference of one number; logits far apart magnify the rounding of a feature.
TOLERANCES = {"embedding": 1e-5, "probabilities": 1e-4}
_MOST_PICTURES = 64


def check_saved_model(
    folder: pathlib.Path,
    encoder: keras.Model,
    settings: ExportSettings,
    head: ClassifierHead | None,
    images: np.ndarray,
) -> dict[str, Any]:
    """Compares every signature of a SavedModel with the encoder that it was made from.

    Args:
        folder: the SavedModel.
        encoder: the encoder, run as in evaluation.
        settings: size of the pictures.
        head: the classifier, if any.
        images: uint8 `[n, image_size, image_size, 3]`; of many, the first 64 are taken.

    Returns:
        `pictures`, how many were compared, and `largest_difference` of one number by signature
        and output.

    Raises:
        ValueError: if one is above 1e-5 in an embedding or 1e-4 in a probability, or not finite.
    """
    images = np.ascontiguousarray(images[:_MOST_PICTURES])
    features = extract_features(encoder, images)
    expected = {"embedding": l2_normalize(features)}
    if head is not None:
        expected["probabilities"] = _probabilities(head, features)
    signatures = tf.saved_model.load(os.fspath(folder)).signatures
    given: dict[str, dict[str, Any]] = {
        "serving_default": {"pictures": images},
        "float_image": {"pictures": images.astype(np.float32)},
        "image_bytes": {"image_bytes": [_png(image) for image in images]},
    }
    differences: dict[str, dict[str, float]] = {}
    for name, inputs in given.items():
        outputs = signatures[name](**{key: tf.constant(value) for key, value in inputs.items()})
        differences[name] = {
            output: float(np.abs(outputs[output].numpy() - values).max())
            for output, values in expected.items()
        }
        for output, difference in differences[name].items():
            # Written so that NaN fails.
            if not difference <= TOLERANCES[output]:
                raise ValueError(
                    f"The exported model must give what the encoder gives: `{output}` of the "
                    f"signature {name} differs by {difference:.2g}, more than "
                    f"{TOLERANCES[output]}; nothing was kept"
                )
    return {"pictures": len(images), "largest_difference": differences}


def _probabilities(head: ClassifierHead, features: np.ndarray) -> np.ndarray:
    # In float64 and with NumPy, as another program would.
    logits = (features.astype(np.float64) - head.mean) / head.scale @ head.weights + head.bias
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _png(image: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(image).save(content, "PNG")
    return content.getvalue()
