"""An ONNX file of an encoder, compared with it before it is kept."""

from __future__ import annotations

import importlib.util
import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.evaluation import extract_features
from simclr_tf.export.classifier_head import ClassifierHead
from simclr_tf.export.served_encoder import unit_rows
from simclr_tf.export.settings import ExportSettings
from simclr_tf.files import write_atomically
from simclr_tf.similarity import l2_normalize

ONNX_FILE = "encoder.onnx"
# The newest that tf2onnx writes whole.
OPSET = 18
# Largest difference of one number: onnxruntime adds in another order than TensorFlow.
TOLERANCE = 1e-4
_MOST_PICTURES = 64
_PACKAGES = ("onnx", "onnxruntime", "tf2onnx")


def check_onnx_installed() -> None:
    """Raises `ValueError` that names the extra where a package for ONNX is missing."""
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ValueError(
            '`onnx` needs the extra "onnx": pip install "simclr_tf[onnx]". '
            f"Received: onnx=True without {', '.join(missing)}"
        )


def write_onnx(
    folder: pathlib.Path,
    encoder: keras.Model,
    settings: ExportSettings,
    head: ClassifierHead | None,
    images: np.ndarray,
) -> dict[str, Any]:
    """Writes `encoder.onnx`, which takes and gives what `serving_default` does.

    It takes `pictures`, uint8 `[batch, image_size, image_size, 3]`, of this size alone, and gives
    `embedding`, float32 `[batch, d]`, rows of length 1, and with a head `probabilities`.

    Args:
        folder: where to.
        encoder: computes in float32.
        settings: the size of the pictures.
        head: classifier of the features, if any.
        images: uint8 `[n, image_size, image_size, 3]` to compare with, n at least 2; of many, the
            first 64 are taken.

    Returns:
        `file`, `bytes`, `opset`, `pictures`, how many were compared, and `largest_difference` of
        one number by output.

    Raises:
        ValueError: if a package is missing, the encoder cannot be converted, or a number differs
            from the encoder's by more than 1e-4 or is not finite.
    """
    check_onnx_installed()
    content = _convert(encoder, settings.image_size, head)
    images = np.ascontiguousarray(images[:_MOST_PICTURES])
    features = extract_features(encoder, images)
    expected = {"embedding": l2_normalize(features)}
    if head is not None:
        expected["probabilities"] = head.probabilities(tf.constant(features)).numpy()
    found = run_onnx(content, images)
    differences = {
        name: float(np.abs(found[name] - values).max()) for name, values in expected.items()
    }
    for name, difference in differences.items():
        # Written so that NaN fails.
        if not difference <= TOLERANCE:
            raise ValueError(
                f"`onnx` must give what the encoder gives: `{name}` differs by {difference:.2g}, "
                f"more than {TOLERANCE}; nothing was kept"
            )
    write_atomically(folder / ONNX_FILE, content)
    return {
        "file": ONNX_FILE,
        "bytes": len(content),
        "opset": OPSET,
        "pictures": len(images),
        "largest_difference": differences,
    }


def run_onnx(content: bytes, images: np.ndarray) -> dict[str, np.ndarray]:
    """Returns what an ONNX file of `write_onnx` gives for pictures, computed on the CPU.

    The first picture goes alone and the others together, so that both are tried.

    Args:
        content: of the file.
        images: uint8 `[n, image_size, image_size, 3]`, n at least 2.

    Returns:
        Arrays float32 `[n, ...]` by the name of the output.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    parts = [session.run(names, {"pictures": part}) for part in (images[:1], images[1:])]
    named = zip(names, zip(*parts, strict=True), strict=True)
    return {name: np.concatenate(rows) for name, rows in named}


def _convert(encoder: keras.Model, size: int, head: ClassifierHead | None) -> bytes:
    import tf2onnx

    spec = tf.TensorSpec((None, size, size, 3), tf.uint8, "pictures")

    @tf.function(input_signature=[spec], autograph=False)
    def embed(pictures):
        features = encoder(tf.cast(pictures, tf.float32), training=False)
        named = {"embedding": unit_rows(features)}
        if head is not None:
            named["probabilities"] = head.probabilities(features)
        return named

    try:
        model, _ = tf2onnx.convert.from_function(embed, input_signature=[spec], opset=OPSET)
    except (RuntimeError, ValueError, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"The encoder {encoder.name} cannot become ONNX: {reason}") from error
    return model.SerializeToString()
