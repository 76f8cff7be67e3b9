"""Encoders by the kinds that people compare in a search, and what each needs."""

from __future__ import annotations

from simclr_tf.checks import check_one_of
from simclr_tf.encoders.built_encoder import BuiltEncoder
from simclr_tf.encoders.frozen.options import FrozenOptions
from simclr_tf.encoders.pixels import Pixels
from simclr_tf.encoders.source import EncoderSource, encoder_source

# What `weights` must be.
_NEEDED = {
    "simclr": "the run folder or encoder of pretrain.py",
    "supcon-tuned": "the run folder or encoder of finetune.py",
    "facenet": "a face model: a .tflite file, a SavedModel folder or a .keras file",
    "imagenet": "a Keras file of the network's weights, or imagenet to download them",
    "frozen": "a .tflite file, a SavedModel folder or a .keras file",
    "pixels": None,
}
MODEL_TYPES = tuple(_NEEDED)


def encoder_of_type(
    model_type: str,
    weights: str | None = None,
    *,
    network: str = "squeezenet",
    options: FrozenOptions | None = None,
    resize_mode: str = "crop",
) -> EncoderSource:
    """Returns an encoder of a kind.

    Args:
        model_type: `"simclr"`, `"supcon-tuned"`: trained here; `"facenet"`: a face model of
            somebody else, whose pictures are scaled as FaceNet's unless `options` say otherwise;
            `"imagenet"`: `network` with published weights; `"frozen"`: any other model file;
            `"pixels"`: no encoder, the baseline.
        weights: What the kind needs; None for `"pixels"`.
        network: Of `"imagenet"`, see `build_encoder`.
        options: Of a model of somebody else.
        resize_mode: See `ModelFile`.

    Raises:
        ValueError: The kind is not known, or `weights` is missing, not there or not needed; the
            message says what is needed.
    """
    check_one_of("model_type", model_type, MODEL_TYPES)
    needed = _NEEDED[model_type]
    if needed is None:
        if weights is not None:
            raise ValueError(
                f"`weights` must not be given for {model_type}, which has none. "
                f"Received: weights={weights!r}"
            )
        return Pixels()
    if weights is None:
        raise ValueError(
            f"`weights` must be given for model_type {model_type}: {needed}. Received: weights=None"
        )
    if model_type == "imagenet":
        return BuiltEncoder(network, weights)
    return encoder_source(
        weights,
        options,
        resize_mode=resize_mode,
        float_scaling="facenet" if model_type == "facenet" else "auto",
        name="weights",
    )
