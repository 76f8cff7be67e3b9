"""The first layer of every encoder, which remembers what pictures the encoder is meant for."""

from __future__ import annotations

import keras


@keras.saving.register_keras_serializable(package="simclr_tf")
class EncoderInput(keras.layers.Layer):
    """Takes raw pictures as they are; subclasses scale them.

    A convolutional encoder takes pictures of other sizes than it is meant for (its training views
    are smaller), so that its input shape does not tell.

    Args:
        image_size: height and width in pixels of the pictures that the encoder is meant for.
        **kwargs: further arguments of `keras.layers.Layer`.

    Input shape:
        `[batch, height, width, 3]`, uint8 or floating, 0..255.

    Output shape:
        Same as the input, of the layer's own floating type.
    """

    def __init__(self, image_size: int, **kwargs) -> None:
        super().__init__(autocast=False, **kwargs)
        self.image_size = image_size

    def call(self, images):
        return keras.ops.cast(images, self.compute_dtype)

    def compute_output_spec(self, images):
        return keras.KerasTensor(images.shape, dtype=self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "image_size": self.image_size}


def picture_size(encoder: keras.Model) -> int | None:
    """Returns height and width of the pictures that `encoder` is meant for, in pixels.

    A model from elsewhere is asked for its input shape; `None` where that does not tell.
    """
    for layer in encoder.layers:
        if isinstance(layer, EncoderInput):
            return layer.image_size
    return encoder.input_shape[1]
