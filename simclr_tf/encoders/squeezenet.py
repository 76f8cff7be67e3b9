"""SqueezeNet v1.1 from raw pictures to features."""

from __future__ import annotations

import keras

from simclr_tf.encoders.caffe_scaling import CaffeScaling

# Channels of the squeeze and of each expand convolution of fire2 to fire9.
_FIRES = (
    (16, 64),
    (16, 64),
    (32, 128),
    (32, 128),
    (48, 192),
    (48, 192),
    (64, 256),
    (64, 256),
)
_POOLED_BEFORE = (2, 4, 6)
SMALLEST_PICTURE = 32


def build_squeezenet(image_size: int, width: float, dtype: str) -> keras.Model:
    """Builds SqueezeNet v1.1 up to fire9, then global average pooling.

    Layers are named as in the published Keras weights, with `_` for `/`, which Keras 3 does not
    take: `conv1`, `fire2_squeeze1x1`, `fire2_expand1x1`, `fire2_expand3x3`, ….

    Args:
        image_size: height and width in pixels of the pictures that it is meant for, at least 32.
        width: multiplier of all channel counts.
        dtype: Keras dtype policy of the layers, such as `"mixed_bfloat16"`.

    Returns:
        `keras.Model` from `[batch, height, width, 3]`, values 0..255 (uint8 or floating), to
        float32 `[batch, 512 * width]`.

    Reference:
        Iandola et al. 2016, "SqueezeNet"; v1.1 is the smaller network of the authors' code.
    """

    def channels(count: int) -> int:
        return max(4, round(count * width))

    def convolution(x, filters, size, name, **options):
        return keras.layers.Conv2D(
            channels(filters),
            size,
            activation="relu",
            kernel_initializer="he_normal",
            dtype=dtype,
            name=name,
            **options,
        )(x)

    pictures = keras.Input((None, None, 3), name="pictures")
    x = CaffeScaling(image_size, dtype=dtype, name="scaling")(pictures)
    x = convolution(x, 64, 3, "conv1", strides=2)
    for number, (squeeze, expand) in enumerate(_FIRES, start=2):
        name = f"fire{number}"
        if number in _POOLED_BEFORE:
            pool = keras.layers.MaxPooling2D(3, strides=2, dtype=dtype, name=f"pool{number - 1}")
            x = pool(x)
        x = convolution(x, squeeze, 1, f"{name}_squeeze1x1")
        x = keras.layers.Concatenate(dtype=dtype, name=f"{name}_concat")(
            [
                convolution(x, expand, 1, f"{name}_expand1x1"),
                convolution(x, expand, 3, f"{name}_expand3x3", padding="same"),
            ]
        )
    features = keras.layers.GlobalAveragePooling2D(dtype="float32", name="features")(x)
    return keras.Model(pictures, features, name="squeezenet")
