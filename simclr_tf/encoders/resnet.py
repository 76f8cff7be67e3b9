"""Residual networks from raw pictures to features."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras

from simclr_tf.encoders.batch_normalization import FusedBatchNormalization
from simclr_tf.encoders.convolution import Convolution
from simclr_tf.encoders.group_normalization import group_normalization
from simclr_tf.encoders.picture_scaling import IMAGENET_MEAN, IMAGENET_STD, PictureScaling


@dataclass(frozen=True)
class ResNetShape:
    """Blocks in each of the four stages, the kind of block, and how wide a bottleneck is."""

    blocks: tuple[int, int, int, int]
    bottleneck: bool
    inner_width: int = 1


RESNETS: dict[str, ResNetShape] = {
    "resnet10": ResNetShape((1, 1, 1, 1), bottleneck=False),
    "resnet18": ResNetShape((2, 2, 2, 2), bottleneck=False),
    "resnet34": ResNetShape((3, 4, 6, 3), bottleneck=False),
    "resnet50": ResNetShape((3, 4, 6, 3), bottleneck=True),
    "wide_resnet50_2": ResNetShape((3, 4, 6, 3), bottleneck=True, inner_width=2),
}


# Size and stride of the first convolution.
STEMS = {"cifar": (3, 1), "strided": (4, 2), "imagenet": (7, 2), "imagenet_same": (7, 2)}

# What the names of the layers call it, as in `layer1_0_bn1`.
NORMALIZATIONS = {"batch": "bn", "group": "gn"}


def build_resnet(
    name: str,
    image_size: int,
    width: float,
    stem: str,
    normalization: str,
    dtype: str,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
) -> keras.Model:
    """Builds a ResNet from raw pictures to its pooled features.

    Layers are named as torchvision names them (`layer1_0_conv1`), and convolutions with stride 2
    pad both sides as PyTorch does, so that its weights give its features. Group normalisation
    has `gn` where batch normalisation has `bn`.

    Args:
        name: a key of `RESNETS`.
        image_size: height and width in pixels of the pictures that it is meant for.
        width: multiplier of all channel counts (64, 128, 256, 512 at 1).
        stem: a key of `STEMS`; after an `"imagenet"` stem the picture is pooled once more, with
            padding of both sides as in PyTorch or, `"imagenet_same"`, as TensorFlow's "same" has
            it: of the far side alone where the side is even.
        normalization: a key of `NORMALIZATIONS`.
        dtype: Keras dtype policy of the layers, such as `"mixed_bfloat16"`.
        mean: see `PictureScaling`.
        std: see `PictureScaling`.

    Returns:
        `keras.Model` from `[batch, height, width, 3]`, values 0..255 (uint8 or floating), to
        float32 `[batch, features]`.

    Reference:
        He et al. 2015, "Deep Residual Learning for Image Recognition", with the stride of a
        bottleneck on its 3×3 convolution as in torchvision. Zagoruyko & Komodakis 2016, "Wide
        residual networks", for the wide one: the inner convolutions of its bottlenecks have twice
        the channels.
    """
    shape = RESNETS[name]
    layers = _Layers(dtype, normalization)
    # Any size: training views may be smaller than the pictures.
    pictures = keras.Input((None, None, 3), name="pictures")
    x = PictureScaling(image_size, mean, std, dtype=dtype, name="scaling")(pictures)
    channels = [max(8, round(64 * 2**stage * width)) for stage in range(4)]
    x = _stem(x, stem, channels[0], layers)
    block: Callable = _basic_block
    if shape.bottleneck:
        block = functools.partial(_bottleneck_block, inner_width=shape.inner_width)
    for stage, repeats in enumerate(shape.blocks):
        for number in range(repeats):
            stride = 2 if stage > 0 and number == 0 else 1
            x = block(x, channels[stage], stride, f"layer{stage + 1}_{number}", layers)
    features = keras.layers.GlobalAveragePooling2D(dtype="float32", name="features")(x)
    return keras.Model(pictures, features, name=name)


class _Layers:
    """Makes the layers of one network, all with the same dtype policy and normalisation."""

    def __init__(self, dtype: str, normalization: str) -> None:
        self.dtype = dtype
        self.grouped = normalization == "group"
        self.norm = NORMALIZATIONS[normalization]

    def convolution(self, x, filters, size, stride, name):
        if size > 1:
            # Explicit: "same" would pad only the far side at stride 2.
            padding = "same" if stride == 1 else "valid"
            if stride > 1:
                pad = keras.layers.ZeroPadding2D(
                    (size - 1) // 2, dtype=self.dtype, name=f"{name}_pad"
                )
                x = pad(x)
        else:
            padding = "valid"
        return Convolution(
            filters,
            size,
            strides=stride,
            padding=padding,
            use_bias=False,
            kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_out"),
            dtype=self.dtype,
            name=name,
        )(x)

    def normalization(self, x, name):
        if self.grouped:
            return group_normalization(x.shape[-1], dtype=self.dtype, name=name)(x)
        return FusedBatchNormalization(dtype=self.dtype, name=name)(x)

    def relu(self, x, name):
        return keras.layers.ReLU(dtype=self.dtype, name=name)(x)

    def add(self, x, shortcut, name):
        return keras.layers.Add(dtype=self.dtype, name=name)([x, shortcut])


def _stem(x, stem, channels, layers):
    size, stride = STEMS[stem]
    x = layers.convolution(x, channels, size, stride, "conv1")
    x = layers.relu(layers.normalization(x, f"{layers.norm}1"), "relu")
    if stem == "imagenet":
        # Activations are not negative here, so padding with zeros is padding with the minimum.
        x = keras.layers.ZeroPadding2D(1, dtype=layers.dtype, name="maxpool_pad")(x)
        x = keras.layers.MaxPooling2D(3, strides=2, dtype=layers.dtype, name="maxpool")(x)
    if stem == "imagenet_same":
        x = keras.layers.MaxPooling2D(
            3, strides=2, padding="same", dtype=layers.dtype, name="maxpool"
        )(x)
    return x


def _basic_block(x, channels, stride, name, layers):
    y = layers.convolution(x, channels, 3, stride, f"{name}_conv1")
    y = layers.relu(layers.normalization(y, f"{name}_{layers.norm}1"), f"{name}_relu1")
    y = layers.convolution(y, channels, 3, 1, f"{name}_conv2")
    y = layers.normalization(y, f"{name}_{layers.norm}2")
    return layers.relu(
        layers.add(y, _shortcut(x, channels, stride, name, layers), f"{name}_add"), f"{name}_relu"
    )


def _bottleneck_block(x, channels, stride, name, layers, inner_width):
    inner = inner_width * channels
    y = layers.convolution(x, inner, 1, 1, f"{name}_conv1")
    y = layers.relu(layers.normalization(y, f"{name}_{layers.norm}1"), f"{name}_relu1")
    y = layers.convolution(y, inner, 3, stride, f"{name}_conv2")
    y = layers.relu(layers.normalization(y, f"{name}_{layers.norm}2"), f"{name}_relu2")
    y = layers.convolution(y, 4 * channels, 1, 1, f"{name}_conv3")
    y = layers.normalization(y, f"{name}_{layers.norm}3")
    return layers.relu(
        layers.add(y, _shortcut(x, 4 * channels, stride, name, layers), f"{name}_add"),
        f"{name}_relu",
    )


def _shortcut(x, channels, stride, name, layers):
    if x.shape[-1] == channels and stride == 1:
        return x
    x = layers.convolution(x, channels, 1, stride, f"{name}_downsample_conv")
    return layers.normalization(x, f"{name}_downsample_{layers.norm}")
