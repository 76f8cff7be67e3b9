"""Encoders by name."""

from __future__ import annotations

import os

import keras

from simclr_tf.checks import check_at_least, check_one_of, check_positive
from simclr_tf.encoders import applications, squeezenet
from simclr_tf.encoders.applications import APPLICATIONS, build_application
from simclr_tf.encoders.find import WEIGHTS_WORDS, find_weights
from simclr_tf.encoders.layer_weights import load_weights_by_layer_name
from simclr_tf.encoders.resnet import NORMALIZATIONS, RESNETS, STEMS, build_resnet
from simclr_tf.encoders.squeezenet import build_squeezenet

ENCODERS = (*RESNETS, "squeezenet", *APPLICATIONS)
DTYPE_POLICIES = {
    "none": "float32",
    "bfloat16": "mixed_bfloat16",
    "float16": "mixed_float16",
}


def build_encoder(
    name: str = "resnet18",
    *,
    image_size: int = 32,
    width: float = 1.0,
    stem: str = "auto",
    normalization: str = "batch",
    mixed_precision: str = "none",
    weights: str | os.PathLike[str] = "none",
) -> keras.Model:
    """Builds an encoder that takes raw pictures; scaling is inside it.

    Args:
        name: `"resnet10"`, `"resnet18"`, `"resnet34"`, `"resnet50"`, `"wide_resnet50_2"`,
            `"squeezenet"` (v1.1), `"efficientnetv2_b0"`, `"convnext_tiny"`,
            `"mobilenetv3_small"` or `"mobilenetv3_large"`.
        image_size: height and width in pixels of the pictures that it is meant for; at least 8 for
            a ResNet and 32 for the others, which are made for 128 and more. It takes other sizes.
        width: multiplier of all channel counts, greater than 0; must be 1 for EfficientNetV2 and
            ConvNeXt.
        stem: of a ResNet: `"cifar"` (3×3, stride 1), `"strided"` (4×4, stride 2: a quarter of the
            work), `"imagenet"` (7×7, stride 2, pooling), or `"auto"`: `"cifar"` up to 64 pixels,
            else `"imagenet"`, which costs 15 to 20 points at 32 pixels. Others take `"auto"` only.
        normalization: of a ResNet: `"batch"`, or `"group"`, in which no picture changes what
            becomes of another: with it gradient caching is exact, and batches may be tiny. Keras
            computes it in several operations in float32, which takes longer than the fused batch
            normalisation. Others take `"batch"` only, which leaves them as they were published.
        mixed_precision: `"none"`, `"bfloat16"` or `"float16"`; weights are float32 in any case.
        weights: `"none"` draws new ones; a file, or the encoder of a run folder, is loaded by
            `load_weights_by_layer_name`; `"imagenet"` downloads those of `keras.applications`.

    Returns:
        `keras.Model` from `[batch, height, width, 3]`, values 0..255 (uint8 or floating), to
        float32 features `[batch, d]`.

    Raises:
        ValueError: if an argument is not accepted; the message lists what is.

    Example:
        >>> encoder = build_encoder("resnet18", image_size=32)
        >>> features = encoder(pictures, training=False)  # [batch, 512]
    """
    check_one_of("encoder", name, ENCODERS)
    check_at_least("image_size", image_size, 8)
    check_positive("width", width)
    check_one_of("stem", stem, ["auto", *STEMS])
    check_one_of("normalization", normalization, NORMALIZATIONS)
    check_one_of("mixed_precision", mixed_precision, DTYPE_POLICIES)
    _check_combination(name, width, stem, normalization, weights)
    dtype = DTYPE_POLICIES[mixed_precision]
    if name in RESNETS:
        if stem == "auto":
            stem = "cifar" if image_size <= 64 else "imagenet"
        encoder = build_resnet(name, image_size, width, stem, normalization, dtype)
    elif name == "squeezenet":
        check_at_least("image_size", image_size, squeezenet.SMALLEST_PICTURE)
        encoder = build_squeezenet(image_size, width, dtype)
    else:
        check_at_least("image_size", image_size, applications.SMALLEST_PICTURE)
        encoder = build_application(name, image_size, width, dtype, weights == "imagenet")
    if weights not in WEIGHTS_WORDS:
        load_weights_by_layer_name(encoder, find_weights(weights))
    return encoder


def _check_combination(
    name: str, width: float, stem: str, normalization: str, weights: str | os.PathLike[str]
) -> None:
    if width != 1 and name in APPLICATIONS and name not in applications.WITH_WIDTH:
        raise ValueError(f"`width` must be 1 for {name}. Received: width={width!r}")
    for option, value, only in (("stem", stem, "auto"), ("normalization", normalization, "batch")):
        if value != only and name not in RESNETS:
            raise ValueError(f"`{option}` must be {only} for {name}. Received: {option}={value!r}")
    if weights == "imagenet" and name not in APPLICATIONS:
        raise ValueError(
            f"`weights` must be none or a file for {name}, of which Keras has none to download. "
            "Received: weights='imagenet'"
        )


def uses_float16(encoder: keras.Model) -> bool:
    """Returns whether a layer computes in float16, so that training needs loss scaling."""
    return any(layer.compute_dtype == "float16" for layer in encoder.layers)
