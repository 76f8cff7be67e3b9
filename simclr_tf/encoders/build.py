"""Encoders by name."""

from __future__ import annotations

import keras

from simclr_tf.checks import check_at_least, check_one_of, check_positive
from simclr_tf.encoders.resnet import RESNETS, STEMS, build_resnet

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
    mixed_precision: str = "none",
) -> keras.Model:
    """Builds an encoder that takes raw pictures; scaling is inside it.

    Args:
        name: `"resnet10"`, `"resnet18"`, `"resnet34"` or `"resnet50"`.
        image_size: height and width in pixels of the pictures that it is meant for, at least 8;
            it takes other sizes as well.
        width: multiplier of all channel counts, greater than 0.
        stem: `"cifar"` (3×3, stride 1), `"strided"` (4×4, stride 2: a quarter of the work),
            `"imagenet"` (7×7, stride 2, pooling), or `"auto"`: `"cifar"` up to 64 pixels, else
            `"imagenet"`, which costs 15 to 20 points at 32 pixels.
        mixed_precision: `"none"`, `"bfloat16"` or `"float16"`; weights are float32 in any case.

    Returns:
        `keras.Model` from `[batch, height, width, 3]`, values 0..255 (uint8 or floating), to
        float32 features `[batch, d]`.

    Raises:
        ValueError: if an argument is not accepted; the message lists what is.

    Example:
        >>> encoder = build_encoder("resnet18", image_size=32)
        >>> features = encoder(pictures, training=False)  # [batch, 512]
    """
    check_one_of("encoder", name, RESNETS)
    check_at_least("image_size", image_size, 8)
    check_positive("width", width)
    check_one_of("stem", stem, ["auto", *STEMS])
    check_one_of("mixed_precision", mixed_precision, DTYPE_POLICIES)
    if stem == "auto":
        stem = "cifar" if image_size <= 64 else "imagenet"
    return build_resnet(name, image_size, width, stem, DTYPE_POLICIES[mixed_precision])


def uses_float16(encoder: keras.Model) -> bool:
    """Returns whether a layer computes in float16, so that training needs loss scaling."""
    return any(layer.compute_dtype == "float16" for layer in encoder.layers)
