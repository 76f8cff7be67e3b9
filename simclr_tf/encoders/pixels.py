"""Raw pixels as an embedding: what every encoder has to beat."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Pixels:
    """The picture's own pixels in a row, less their mean.

    Without the mean, the cosine of two pictures would mostly say that neither is black; so it is
    the correlation between them, whatever their brightness and contrast.
    """

    default_image_size = 32

    def fingerprint(self) -> str:
        """See `EncoderSource`."""
        return hashlib.sha256(b"pixels less their mean").hexdigest()

    def image_size(self) -> None:
        """Returns None: any size will do."""

    def description(self) -> dict[str, Any]:
        """See `EncoderSource`."""
        return {"kind": "pixels"}

    def load(self) -> Any:
        """Returns `pixel_vectors`."""
        return pixel_vectors


def pixel_vectors(pictures: tf.Tensor, training: bool = False) -> tf.Tensor:
    """Returns float32 `[batch, height * width * 3]` of pictures `[batch, height, width, 3]`.

    Args:
        pictures: Of a known height and width.
        training: Makes no difference.
    """
    import tensorflow as tf

    _, height, width, channels = pictures.shape
    vectors = tf.reshape(tf.cast(pictures, tf.float32), [-1, height * width * channels])
    return vectors - tf.reduce_mean(vectors, axis=1, keepdims=True)
