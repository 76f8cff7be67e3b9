"""The scaling of pictures that networks from Caffe expect."""

from __future__ import annotations

import keras
from keras import ops

from simclr_tf.encoders.encoder_input import EncoderInput

# Of ImageNet, in the order blue, green, red.
_MEAN = (103.939, 116.779, 123.68)


@keras.saving.register_keras_serializable(package="simclr_tf")
class CaffeScaling(EncoderInput):
    """Turns red-green-blue pictures into blue-green-red and takes the mean of ImageNet away.

    Computed in float32, then cast to the layer's own type: bfloat16 holds 8 bits of 0..255.

    Args:
        image_size: see `EncoderInput`.
        **kwargs: further arguments of `keras.layers.Layer`.

    Input shape:
        `[batch, height, width, 3]`, uint8 or floating, 0..255.

    Output shape:
        Same as the input.

    Example:
        >>> scaled = CaffeScaling(image_size=128)(pictures)
    """

    def call(self, images):
        # TensorFlow Lite quantises what `ops.flip` becomes wrongly: with two scales, not converted.
        images = ops.cast(images, "float32")[..., ::-1]
        return ops.cast(images - ops.convert_to_tensor(_MEAN, "float32"), self.compute_dtype)
