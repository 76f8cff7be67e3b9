"""FaceNet's Inception-ResNet-v1, from raw pictures of faces to embeddings."""

from __future__ import annotations

import keras

from simclr_tf.encoders.batch_normalization import FusedBatchNormalization
from simclr_tf.encoders.convolution import Convolution
from simclr_tf.encoders.picture_scaling import PictureScaling

# The last reduction has one pixel left.
SMALLEST_PICTURE = 75
# (x - 127.5) / 128: the fixed standardisation of FaceNet's code, not quite -1..1.
MEAN, STD = (0.5, 0.5, 0.5), (128 / 255, 128 / 255, 128 / 255)

# Branches of each kind of block: filters, kernel and, where it is not 1, stride, one convolution
# after the other. With stride 2 there is no padding.
_BLOCK_35 = (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (32, 3), (32, 3)))
_MIXED_6A = (((384, 3, 2),), ((192, 1), (192, 3), (256, 3, 2)))
_BLOCK_17 = (((128, 1),), ((128, 1), (128, (1, 7)), (128, (7, 1))))
_MIXED_7A = (
    ((256, 1), (384, 3, 2)),
    ((256, 1), (256, 3, 2)),
    ((256, 1), (256, 3), (256, 3, 2)),
)
_BLOCK_8 = (((192, 1),), ((192, 1), (192, (1, 3)), (192, (3, 1))))


def build_inception_resnet_v1(image_size: int, width: float, dtype: str) -> keras.Model:
    """Builds FaceNet's network up to its embedding.

    Layers are named as facenet-pytorch names them, with `_` for `.` (`repeat_1_0_branch1_0_conv`),
    so that its weights give its embeddings.

    Args:
        image_size: height and width in pixels of the pictures that it is meant for, at least 75;
            the published weights are of 160.
        width: multiplier of all channel counts, also of the embedding's 512.
        dtype: Keras dtype policy of the layers, such as `"mixed_bfloat16"`; everything after the
            average over the picture is computed in float32.

    Returns:
        `keras.Model` from `[batch, height, width, 3]`, values 0..255 (uint8 or floating), to
        float32 `[batch, 512 * width]`, rows of length 1.

    Reference:
        Szegedy et al. 2016, "Inception-v4, Inception-ResNet and the Impact of Residual
        Connections on Learning", figures 10 to 15, with the stem, the scales of the residuals
        and the last block without ReLU of David Sandberg's FaceNet. Schroff et al. 2015,
        "FaceNet", for the embedding on the unit sphere. The dropout before the last layer is left
        out: an encoder gives the same in training and after it, but for batch normalisation.
    """
    layers = _Layers(width, dtype)
    pictures = keras.Input((None, None, 3), name="pictures")
    x = PictureScaling(image_size, MEAN, STD, dtype=dtype, name="scaling")(pictures)
    x = layers.convolution(x, 32, 3, "conv2d_1a", stride=2)
    x = layers.convolution(x, 32, 3, "conv2d_2a", padding="valid")
    x = layers.convolution(x, 64, 3, "conv2d_2b")
    x = layers.pool(x, "maxpool_3a")
    x = layers.convolution(x, 80, 1, "conv2d_3b")
    x = layers.convolution(x, 192, 3, "conv2d_4a", padding="valid")
    x = layers.convolution(x, 256, 3, "conv2d_4b", stride=2)
    for number in range(5):
        x = layers.residual(x, _BLOCK_35, 0.17, f"repeat_1_{number}")
    x = layers.reduction(x, _MIXED_6A, "mixed_6a")
    for number in range(10):
        x = layers.residual(x, _BLOCK_17, 0.10, f"repeat_2_{number}")
    x = layers.reduction(x, _MIXED_7A, "mixed_7a")
    for number in range(5):
        x = layers.residual(x, _BLOCK_8, 0.20, f"repeat_3_{number}")
    x = layers.residual(x, _BLOCK_8, 1.0, "block8", activated=False)
    x = keras.layers.GlobalAveragePooling2D(dtype="float32", name="avgpool_1a")(x)
    x = keras.layers.Dense(
        layers.channels(512), use_bias=False, dtype="float32", name="last_linear"
    )(x)
    x = FusedBatchNormalization(epsilon=1e-3, dtype="float32", name="last_bn")(x)
    features = keras.layers.UnitNormalization(dtype="float32", name="features")(x)
    return keras.Model(pictures, features, name="inception_resnet_v1")


class _Layers:
    """Makes the layers of one network, all with the same width and dtype policy."""

    def __init__(self, width: float, dtype: str) -> None:
        self.width = width
        self.dtype = dtype

    def channels(self, count):
        return max(8, round(count * self.width))

    def convolution(self, x, filters, size, name, stride=1, padding="same"):
        x = Convolution(
            self.channels(filters),
            size,
            strides=stride,
            padding="valid" if stride > 1 else padding,
            use_bias=False,
            kernel_initializer="he_normal",
            dtype=self.dtype,
            name=f"{name}_conv",
        )(x)
        x = FusedBatchNormalization(epsilon=1e-3, dtype=self.dtype, name=f"{name}_bn")(x)
        return keras.layers.ReLU(dtype=self.dtype, name=f"{name}_relu")(x)

    def pool(self, x, name):
        return keras.layers.MaxPooling2D(3, strides=2, dtype=self.dtype, name=name)(x)

    def branches(self, x, kinds, name):
        """The outputs of all branches; convolutions of a branch of several are numbered."""
        outputs = []
        for place, convolutions in enumerate(kinds):
            y = x
            for number, (filters, size, *stride) in enumerate(convolutions):
                suffix = f"_{number}" if len(convolutions) > 1 else ""
                y = self.convolution(y, filters, size, f"{name}_branch{place}{suffix}", *stride)
            outputs.append(y)
        return outputs

    def reduction(self, x, kinds, name):
        outputs = self.branches(x, kinds, name)
        pooled = self.pool(x, f"{name}_branch{len(kinds)}")
        return keras.layers.Concatenate(dtype=self.dtype, name=name)([*outputs, pooled])

    def residual(self, x, kinds, scale, name, activated=True):
        y = keras.layers.Concatenate(dtype=self.dtype, name=f"{name}_concat")(
            self.branches(x, kinds, name)
        )
        y = Convolution(x.shape[-1], 1, dtype=self.dtype, name=f"{name}_conv2d")(y)
        if scale != 1:
            y = keras.layers.Rescaling(scale, dtype=self.dtype, name=f"{name}_scale")(y)
        y = keras.layers.Add(dtype=self.dtype, name=f"{name}_add")([x, y])
        return keras.layers.ReLU(dtype=self.dtype, name=f"{name}_relu")(y) if activated else y
