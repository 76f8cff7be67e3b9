"""An encoder with the signatures that it is called by once it is a SavedModel."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from simclr_tf.export.classifier_head import ClassifierHead
from simclr_tf.export.picture_bytes import decode_to_square
from simclr_tf.export.resampling import resize_to_square
from simclr_tf.export.settings import ExportSettings

SIGNATURES = ("serving_default", "image_bytes", "float_image")


class ServedEncoder(tf.Module):
    """Embeds pictures; saved by `tf.saved_model.save` with its `endpoints`.

    It holds variables and functions alone, no Keras object, so that loading it needs TensorFlow
    and nothing else.

    Args:
        encoder: from pictures `[batch, height, width, 3]`, 0..255, to features `[batch, d]`.
        settings: size and way of resizing.
        head: classifier of the features, for `probabilities`.
    """

    def __init__(
        self, encoder: keras.Model, settings: ExportSettings, head: ClassifierHead | None = None
    ) -> None:
        super().__init__(name="served_encoder")
        self.encoder_variables = [variable.value for variable in encoder.variables]
        size, mode = settings.image_size, settings.resize_mode

        def outputs(squares: tf.Tensor) -> dict[str, tf.Tensor]:
            features = tf.cast(encoder(squares, training=False), tf.float32)
            named = {"embedding": unit_rows(features)}
            if head is not None:
                named["probabilities"] = head.probabilities(features)
            return named

        def of_pictures(pictures: tf.Tensor) -> dict[str, tf.Tensor]:
            return outputs(resize_to_square(pictures, size, mode))

        def of_bytes(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            return outputs(
                tf.map_fn(
                    lambda content: decode_to_square(content, size, mode),
                    image_bytes,
                    fn_output_signature=tf.TensorSpec((size, size, 3), tf.float32),
                )
            )

        pictures = (None, None, None, 3)
        self.serve = _function(of_pictures, tf.TensorSpec(pictures, tf.uint8, "pictures"))
        self.embed_bytes = _function(of_bytes, tf.TensorSpec([None], tf.string, "image_bytes"))
        self.embed_floats = _function(of_pictures, tf.TensorSpec(pictures, tf.float32, "pictures"))
        self.name_labels: Callable | None = None
        if head is not None:
            names = [name.encode("utf-8", "surrogateescape") for name in head.label_names]
            self.name_labels = tf.function(
                lambda: {"label_names": tf.constant(names)}, input_signature=[], autograph=False
            )

    def endpoints(self) -> dict[str, Callable]:
        """Returns the functions by the name of their signature."""
        named = dict(
            zip(SIGNATURES, (self.serve, self.embed_bytes, self.embed_floats), strict=True)
        )
        if self.name_labels is not None:
            named["label_names"] = self.name_labels
        return named


def _function(function: Callable, spec: tf.TensorSpec) -> Callable:
    return tf.function(function, input_signature=[spec], autograph=False)


def unit_rows(features: tf.Tensor) -> tf.Tensor:
    """Returns rows of length 1, computed as `simclr_tf.similarity.l2_normalize` does.

    Args:
        features: float32 `[batch, d]`.
    """
    peak = tf.reduce_max(tf.abs(features), axis=-1, keepdims=True)
    scaled = tf.math.divide_no_nan(features, peak)
    norm = tf.sqrt(tf.reduce_sum(tf.square(scaled), axis=-1, keepdims=True))
    return scaled / tf.maximum(norm, 1.0)
