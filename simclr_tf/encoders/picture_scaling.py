"""Raw pictures standardised by the statistics of ImageNet."""

from __future__ import annotations

import keras
from keras import ops

from simclr_tf.encoders.encoder_input import EncoderInput

# Of the ImageNet pictures, as fractions of 255: red, green, blue.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@keras.saving.register_keras_serializable(package="simclr_tf")
class PictureScaling(EncoderInput):
    """Standardises raw pictures by ImageNet's mean and standard deviation.

    Args:
        image_size: see `EncoderInput`.
        **kwargs: further arguments of `keras.layers.Layer`.

    Input shape:
        `[batch, height, width, 3]`, uint8 or floating, 0..255.

    Output shape:
        Same as the input.

    Example:
        >>> scaled = PictureScaling(image_size=32)(pictures)
    """

    def call(self, images):
        scale = ops.cast([1 / (255 * std) for std in IMAGENET_STD], self.compute_dtype)
        offsets = [-mean / std for mean, std in zip(IMAGENET_MEAN, IMAGENET_STD, strict=True)]
        return super().call(images) * scale + ops.cast(offsets, self.compute_dtype)
