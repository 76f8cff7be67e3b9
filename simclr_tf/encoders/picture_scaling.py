"""The first layer of an encoder: raw pictures to standardised ones."""

from __future__ import annotations

import keras

# Of the ImageNet pictures, as fractions of 255: red, green, blue.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@keras.saving.register_keras_serializable(package="simclr_tf")
class PictureScaling(keras.layers.Layer):
    """Standardises raw pictures by ImageNet's mean and standard deviation.

    It also remembers for which size of pictures its encoder was made: a convolutional encoder
    takes others too (its training views are smaller), only with worse features.

    Args:
        image_size: height and width in pixels of the pictures that the encoder is meant for.
        **kwargs: further arguments of `keras.layers.Layer`.

    Input shape:
        `[batch, height, width, 3]`, uint8 or floating, 0..255.

    Output shape:
        Same as the input.
    """

    def __init__(self, image_size: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.image_size = image_size
        self.scale = [1 / (255 * std) for std in IMAGENET_STD]
        self.offset = [-mean / std for mean, std in zip(IMAGENET_MEAN, IMAGENET_STD, strict=True)]

    def call(self, inputs):
        pictures = keras.ops.cast(inputs, self.compute_dtype)
        scale = keras.ops.cast(self.scale, self.compute_dtype)
        return pictures * scale + keras.ops.cast(self.offset, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "image_size": self.image_size}


def picture_size(encoder: keras.Model) -> int | None:
    """Returns height and width of the pictures that `encoder` is meant for, in pixels.

    A model from elsewhere is asked for its input shape; `None` where that does not tell.
    """
    for layer in encoder.layers:
        if isinstance(layer, PictureScaling):
            return layer.image_size
    return encoder.input_shape[1]
