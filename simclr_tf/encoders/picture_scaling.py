"""Raw pictures standardised, by default by the statistics of ImageNet."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops

from simclr_tf.checks import check_between, check_positive
from simclr_tf.encoders.encoder_input import EncoderInput

# Of the ImageNet pictures, as fractions of 255: red, green, blue.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@keras.saving.register_keras_serializable(package="simclr_tf")
class PictureScaling(EncoderInput):
    """Standardises raw pictures by a mean and a standard deviation of each colour.

    Args:
        image_size: see `EncoderInput`.
        mean: of red, green and blue, as fractions of 255; by default ImageNet's.
        std: standard deviations, as fractions of 255, greater than 0; by default ImageNet's.
        **kwargs: further arguments of `keras.layers.Layer`.

    Input shape:
        `[batch, height, width, 3]`, uint8 or floating, 0..255.

    Output shape:
        Same as the input.

    Raises:
        ValueError: if `mean` or `std` are not three numbers in their ranges.

    Example:
        >>> scaled = PictureScaling(image_size=32)(pictures)
    """

    def __init__(
        self,
        image_size: int,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        **kwargs,
    ) -> None:
        super().__init__(image_size, **kwargs)
        self.mean = tuple(float(part) for part in mean)
        self.std = tuple(float(part) for part in std)
        for name, parts in (("mean", self.mean), ("std", self.std)):
            if len(parts) != 3:
                raise ValueError(
                    f"`{name}` must be 3 numbers: of red, green and blue. Received: {name}={parts}"
                )
            for part in parts:
                check_between(name, part, 0, 1)
        check_positive("std", min(self.std))

    def call(self, images):
        scale = ops.cast([1 / (255 * std) for std in self.std], self.compute_dtype)
        offsets = [-mean / std for mean, std in zip(self.mean, self.std, strict=True)]
        return super().call(images) * scale + ops.cast(offsets, self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "mean": self.mean, "std": self.std}
