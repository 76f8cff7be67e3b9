"""Networks of `keras.applications` as encoders from raw pictures to features."""

from __future__ import annotations

import keras

from simclr_tf.encoders.encoder_input import EncoderInput

APPLICATIONS = {
    "efficientnetv2_b0": "EfficientNetV2B0",
    "convnext_tiny": "ConvNeXtTiny",
    "mobilenetv3_small": "MobileNetV3Small",
    "mobilenetv3_large": "MobileNetV3Large",
}
# Those that have a multiplier of their channels, which Keras calls alpha.
WITH_WIDTH = ("mobilenetv3_small", "mobilenetv3_large")
SMALLEST_PICTURE = 32


def build_application(
    name: str, image_size: int, width: float, dtype: str, imagenet: bool = False
) -> keras.Model:
    """Builds a network of `keras.applications` without its classifier.

    Features are its pooled last map; ConvNeXt normalises them, as before its classifier.

    Each brings its own scaling of raw pictures: EfficientNetV2 and ConvNeXt that of ImageNet,
    MobileNetV3 −1..1.

    Args:
        name: a key of `APPLICATIONS`.
        image_size: height and width in pixels of the pictures that it is meant for, at least 32.
        width: multiplier of the channel counts of MobileNetV3; 1 for the others.
        dtype: Keras dtype policy of the layers, such as `"mixed_bfloat16"`.
        imagenet: load the ImageNet weights, which Keras downloads and keeps in `~/.keras`.

    Returns:
        `keras.Model` from `[batch, height, width, 3]`, values 0..255 (uint8 or floating), to
        float32 `[batch, features]`.
    """
    arguments = {"alpha": width} if name in WITH_WIDTH else {}
    # The builders take no dtype: they follow the policy that is set.
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        pictures = keras.Input((None, None, 3), name="pictures")
        x = EncoderInput(image_size, dtype="float32", name="encoder_input")(pictures)
        network = getattr(keras.applications, APPLICATIONS[name])(
            input_tensor=x,
            include_top=False,
            pooling="avg",
            weights="imagenet" if imagenet else None,
            include_preprocessing=True,
            **arguments,
        )
    finally:
        keras.config.set_dtype_policy(before)
    features = keras.layers.Activation("linear", dtype="float32", name="features")
    return keras.Model(pictures, features(network.output), name=name)
