"""A model of somebody else as an encoder from raw pictures to features."""

from __future__ import annotations

import tensorflow as tf

from simclr_tf.encoders.frozen.network import Network
from simclr_tf.encoders.frozen.picture_preparation import fit_pictures, scale_pictures


class FrozenEncoder:
    """Fits and scales raw pictures for a network that does neither, and runs it.

    Args:
        network: Of a TensorFlow Lite, SavedModel or Keras file.
        scaling: One of `SCALINGS`; of `"auto"`, a network of whole numbers gets the pictures as
            they are (less 128 for int8).
        resize_mode: See `fit_pictures`.
        place: The model as errors name it.
        float_scaling: What `"auto"` means to a network of floating numbers; by default nobody
            can tell.

    Raises:
        ValueError: The network takes floating numbers and nobody says in what range, or takes
            whole numbers and a range is asked for that it cannot be given.
    """

    def __init__(
        self,
        network: Network,
        scaling: str,
        resize_mode: str,
        place: str,
        float_scaling: str = "auto",
    ) -> None:
        floating = network.picture_dtype == "float32"
        if floating and scaling == "auto":
            scaling = float_scaling
            if scaling == "auto":
                raise ValueError(
                    f"`frozen_scaling` must say how {place} wants its pictures, which are "
                    "floating numbers: none (0..255), zero_to_one, minus_one_to_one, facenet, "
                    "imagenet or caffe. Received: frozen_scaling='auto'"
                )
        elif not floating and not network.is_quantised and scaling not in ("auto", "none"):
            raise ValueError(
                f"`frozen_scaling` must be auto for {place}, which takes whole numbers. "
                f"Received: frozen_scaling={scaling!r}"
            )
        self.network = network
        self.scaling = scaling
        self.resize_mode = resize_mode

    def __call__(self, pictures: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns features float32 `[batch, d]` of raw pictures `[batch, size, size, 3]`.

        An output with a height and a width is averaged over both.

        Raises:
            ValueError: `training` is asked for.
        """
        if training:
            raise ValueError("A frozen encoder cannot be trained. Received: training=True")
        size = pictures.shape[1]
        height, width = self.network.height or size, self.network.width or size
        prepared = fit_pictures(tf.cast(pictures, tf.float32), height, width, self.resize_mode)
        if self.scaling != "auto":
            prepared = scale_pictures(prepared, self.scaling)
        features = tf.cast(self.network(prepared), tf.float32)
        return tf.reduce_mean(features, axis=[1, 2]) if features.shape.rank == 4 else features
