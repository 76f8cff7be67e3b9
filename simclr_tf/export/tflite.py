"""TensorFlow Lite files of an encoder, measured against it before they are kept."""

from __future__ import annotations

import os
import pathlib
import warnings
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.checks import check_at_least
from simclr_tf.evaluation import extract_features
from simclr_tf.export.settings import ExportSettings
from simclr_tf.files import write_atomically
from simclr_tf.similarity import l2_normalize, top_k_cosine

# Least mean cosine similarity to the original's embeddings.
LEAST_SIMILARITY = {"float32": 0.99999, "float16": 0.999, "int8": 0.95}
LEAST_REPRESENTATIVE = 100
_MOST_REPRESENTATIVE = 256
_UNLABELLED = -1


def write_tflite(
    folder: pathlib.Path,
    encoder: keras.Model,
    settings: ExportSettings,
    images: np.ndarray,
    labels: np.ndarray | None = None,
) -> list[dict[str, Any]]:
    """Writes `encoder_VARIANT.tflite` for each variant that `settings` ask for.

    Each takes `[batch, image_size, image_size, 3]`, 0..255, floating or, for int8, uint8, and
    gives `embedding`, float32 `[batch, d]`, rows of length 1.

    Args:
        folder: where to.
        encoder: computes in float32.
        settings: the variants and the size of the pictures.
        images: uint8 `[n, image_size, image_size, 3]`: the measure, and for int8 the ranges of
            the activations, of many the first 256.
        labels: int `[n]`, -1 for none, for the share of pictures whose nearest other picture is
            of their class.

    Returns:
        One row for the original and one a file: `variant`, `file`, `bytes`, `mean_similarity` and
        `least_similarity`, cosines with the original's embeddings, and with labels
        `nearest_of_class`, a fraction.

    Raises:
        ValueError: if int8 is asked for with fewer than 100 pictures, TensorFlow cannot convert the
            encoder, or a file's embeddings are not like the original's.
    """
    if "int8" in settings.tflite_variants:
        check_at_least("number of sample pictures for int8", len(images), LEAST_REPRESENTATIVE)
    original = l2_normalize(extract_features(encoder, images))
    size = sum(variable.numpy().nbytes for variable in encoder.variables)
    rows = [{"variant": "original", "file": None, "bytes": size}]
    rows[0] |= _measures(original, original, labels)
    for variant in settings.tflite_variants:
        content = _convert(encoder, settings.image_size, variant, images)
        embeddings = embed_with_tflite(content, images)
        measures = _measures(embeddings, original, labels)
        if not measures["mean_similarity"] >= LEAST_SIMILARITY[variant]:
            raise ValueError(
                f"`tflite` {variant} must give embeddings like the original's: their cosine is "
                f"{measures['mean_similarity']:.4f} on average, less than "
                f"{LEAST_SIMILARITY[variant]}; nothing was kept"
            )
        name = f"encoder_{variant}.tflite"
        write_atomically(folder / name, content)
        rows.append({"variant": variant, "file": name, "bytes": len(content), **measures})
    return rows


def embed_with_tflite(content: bytes, images: np.ndarray, batch_size: int = 32) -> np.ndarray:
    """Returns what a TensorFlow Lite file gives for pictures.

    Args:
        content: of the file.
        images: uint8 `[n, size, size, 3]`.
        batch_size: pictures at once.

    Returns:
        float32 `[n, d]`.
    """
    with warnings.catch_warnings():
        # It announces that it will move to a package of its own.
        warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated", UserWarning)
        interpreter = tf.lite.Interpreter(model_content=content, num_threads=os.cpu_count())
    place = interpreter.get_input_details()[0]
    result = interpreter.get_output_details()[0]["index"]
    embeddings = []
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size].astype(place["dtype"])
        interpreter.resize_tensor_input(place["index"], batch.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(place["index"], batch)
        interpreter.invoke()
        embeddings.append(interpreter.get_tensor(result).copy())
    return np.concatenate(embeddings)


def _convert(encoder: keras.Model, size: int, variant: str, images: np.ndarray) -> bytes:
    module = tf.Module()
    module.encoder_variables = [variable.value for variable in encoder.variables]

    spec = tf.TensorSpec((None, size, size, 3), tf.float32, "pictures")

    @tf.function(input_signature=[spec], autograph=False)
    def embed(pictures):
        features = encoder(pictures, training=False)
        return {"embedding": tf.math.l2_normalize(features, axis=-1)}

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [embed.get_concrete_function()], module
    )
    if variant != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if variant == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if variant == "int8":
        converter.representative_dataset = lambda: _representative(images)
        converter.inference_input_type = tf.uint8
    try:
        return converter.convert()
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"TensorFlow Lite cannot convert the encoder {encoder.name} to {variant}: {reason}"
        ) from error


def _representative(images: np.ndarray) -> Iterator[list[np.ndarray]]:
    # Black and white first: one step of the input is then one level of the picture.
    for level in (0.0, 255.0):
        yield [np.full((1, *images.shape[1:]), level, np.float32)]
    for image in images[:_MOST_REPRESENTATIVE]:
        yield [image[None].astype(np.float32)]


def _measures(
    embeddings: np.ndarray, original: np.ndarray, labels: np.ndarray | None
) -> dict[str, float]:
    similarities = np.sum(l2_normalize(embeddings) * original, axis=1)
    measures = {
        "mean_similarity": float(similarities.mean()),
        "least_similarity": float(similarities.min()),
    }
    if labels is not None and (labels != _UNLABELLED).sum() > 1:
        measures["nearest_of_class"] = _nearest_of_class(embeddings, labels)
    return measures


def _nearest_of_class(embeddings: np.ndarray, labels: np.ndarray) -> float:
    """Share of the labelled pictures whose nearest other labelled picture is of their class."""
    labelled = np.flatnonzero(labels != _UNLABELLED)
    embeddings, labels = embeddings[labelled], labels[labelled]
    _, nearest = top_k_cosine(embeddings, embeddings, 2)
    own = np.arange(len(labels))
    # A copy of a picture may come before the picture itself.
    other = np.where(nearest[:, 0] == own, nearest[:, 1], nearest[:, 0])
    return float(np.mean(labels[other] == labels))
