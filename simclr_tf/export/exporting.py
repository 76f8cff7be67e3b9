"""Export an encoder to a folder that runs without this package."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.checks import check_at_least
from simclr_tf.encoders import picture_size
from simclr_tf.export.classifier_head import ClassifierHead
from simclr_tf.export.loading_example import LOADING_EXAMPLE
from simclr_tf.export.model_card import model_card
from simclr_tf.export.onnx_file import check_onnx_installed, write_onnx
from simclr_tf.export.saved_model_check import check_saved_model
from simclr_tf.export.served_encoder import ServedEncoder
from simclr_tf.export.settings import ExportSettings
from simclr_tf.export.tflite import write_tflite
from simclr_tf.files import folder_written_beside, write_atomically, write_json
from simclr_tf.runs.configs import package_versions
from simclr_tf.weights import write_torchvision

METADATA = "metadata.json"
MODEL_CARD = "MODEL_CARD.md"
_SAMPLES_WITHOUT_PICTURES = 8


@dataclasses.dataclass(frozen=True, eq=False)
class SamplePictures:
    """Pictures that an export is checked with.

    Attributes:
        images: uint8 `[n, image_size, image_size, 3]`.
        labels: int32 `[n]`, -1 for none; `None` where no class is known.
        name: of the folder or data set.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    name: str = ""


@dataclasses.dataclass(frozen=True)
class ExportReport:
    """What an export wrote and how near it came to the original.

    Attributes:
        path: the folder.
        metadata: what its metadata.json holds.
    """

    path: pathlib.Path
    metadata: dict[str, Any]


def export_encoder(
    encoder: keras.Model,
    output_dir: str | os.PathLike[str],
    settings: ExportSettings,
    *,
    head: ClassifierHead | None = None,
    samples: SamplePictures | None = None,
    provenance: dict[str, Any] | None = None,
) -> ExportReport:
    """Writes an encoder as a SavedModel with a model card, and keeps it only if it is right.

    The folder is written beside and checked: loaded again, its signatures must give what the
    encoder gives. `serving_default` takes uint8 pictures, `float_image` floating ones, both
    `[batch, height, width, 3]`, 0..255, and `image_bytes` the bytes of JPEG or PNG files; pictures
    of another size than the encoder's are resized as in training. Each gives `embedding`, rows of
    length 1, and `probabilities` where there is a `head`, whose `label_names` are a signature
    without inputs.

    Args:
        encoder: from pictures `[batch, height, width, 3]`, 0..255, to features `[batch, d]`.
        output_dir: folder to write; must not exist.
        settings: size, way of resizing, precision and further formats.
        head: classifier of the features.
        samples: pictures to check with; int8 TensorFlow Lite needs at least 100.
            By default random ones are drawn.
        provenance: what the model card tells of the data, the recipe and the results, see
            `read_provenance`.

    Returns:
        The folder and its metadata.

    Raises:
        ValueError: if `output_dir` exists, a setting does not fit the encoder, or what was
            written does not give what the encoder gives; nothing is then left behind.
        OSError: if a file cannot be written.
    """
    path = pathlib.Path(output_dir).expanduser()
    if path.exists():
        raise ValueError(
            "`output_dir` must not exist, so that no exported model is overwritten. "
            f"Received: output_dir={os.fspath(output_dir)!r}"
        )
    _check_size(encoder, settings)
    if settings.onnx:
        check_onnx_installed()
    if settings.precision == "float32":
        encoder = in_float32(encoder)
    samples = samples or _random_samples(settings.image_size)
    check_at_least("number of sample pictures", len(samples.images), 2)
    with folder_written_beside(path) as folder:
        served = ServedEncoder(encoder, settings, head)
        tf.saved_model.save(served, os.fspath(folder), signatures=served.endpoints())
        metadata = _metadata(encoder, settings, head, samples)
        metadata["checks"] = check_saved_model(folder, encoder, settings, head, samples.images)
        if settings.tflite_variants:
            metadata["tflite"] = write_tflite(
                folder, in_float32(encoder), settings, samples.images, samples.labels
            )
        if settings.onnx:
            metadata["onnx"] = write_onnx(
                folder, in_float32(encoder), settings, head, samples.images
            )
        if settings.torchvision:
            write_torchvision(encoder, folder / "torchvision.safetensors")
            metadata["torchvision"] = "torchvision.safetensors"
        metadata["provenance"] = provenance or {}
        write_json(folder / METADATA, metadata)
        write_atomically(folder / "load_example.py", LOADING_EXAMPLE)
        write_atomically(folder / MODEL_CARD, model_card(metadata))
    return ExportReport(path, metadata)


def in_float32(encoder: keras.Model) -> keras.Model:
    """Returns a copy of a functional model, with its weights, that computes in float32."""
    if all(layer.compute_dtype == "float32" for layer in encoder.layers):
        return encoder

    def layer_in_float32(layer: keras.layers.Layer) -> keras.layers.Layer:
        return type(layer).from_config({**layer.get_config(), "dtype": "float32"})

    copy = keras.models.clone_model(encoder, clone_function=layer_in_float32)
    copy.set_weights(encoder.get_weights())
    return copy


def _check_size(encoder: keras.Model, settings: ExportSettings) -> None:
    own = picture_size(encoder)
    if own is not None and own != settings.image_size:
        raise ValueError(
            f"`image_size` must be {own}, the size of the pictures that the encoder was trained "
            f"with. Received: image_size={settings.image_size!r}"
        )


def _random_samples(image_size: int) -> SamplePictures:
    shape = (_SAMPLES_WITHOUT_PICTURES, image_size, image_size, 3)
    images = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    return SamplePictures(images, name="random noise")


def _metadata(
    encoder: keras.Model,
    settings: ExportSettings,
    head: ClassifierHead | None,
    samples: SamplePictures,
) -> dict[str, Any]:
    size = settings.image_size
    outputs: dict[str, Any] = {
        "embedding": {"dimension": encoder.output_shape[-1], "normalised": "length 1 (L2)"}
    }
    if head is not None:
        outputs["probabilities"] = {"dimension": len(head.bias)}
    return {
        "encoder": encoder.name,
        "parameters": encoder.count_params(),
        "image_size": size,
        "resize_mode": settings.resize_mode,
        "precision": _precision(encoder),
        "inputs": {
            "serving_default": "pictures: uint8 [batch, height, width, 3], red-green-blue, 0..255",
            "float_image": "pictures: float32 [batch, height, width, 3], red-green-blue, 0..255",
            "image_bytes": "image_bytes: string [batch], contents of JPEG or PNG files",
        },
        "outputs": outputs,
        "label_names": [] if head is None else list(head.label_names),
        "licence": settings.licence or "not stated",
        "samples": {"count": len(samples.images), "name": samples.name},
        "versions": package_versions(),
    }


def _precision(encoder: keras.Model) -> str:
    computed = {layer.compute_dtype for layer in encoder.layers} - {"float32"}
    return f"mixed_{computed.pop()}" if computed else "float32"
