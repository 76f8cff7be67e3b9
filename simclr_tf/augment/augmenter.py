"""Several augmentations in a row, as one layer."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf

from simclr_tf.augment.random_layer import RandomLayer


@keras.saving.register_keras_serializable(package="simclr_tf")
class Augmenter(RandomLayer):
    """Applies random layers one after the other, with one seed for all of them.

    Args:
        layers: `RandomLayer`s, in order.
        seed: see `RandomLayer`; the layers' own generators are not used.

    Input shape:
        `[batch, height, width, 3]`, uint8 or floating, 0..255.

    Output shape:
        `[batch, new_height, new_width, 3]`, float32, 0..255; the same size unless a layer resizes.

    Example:
        >>> augmenter = Augmenter([RandomFlip(), RandomGrayscale()], seed=0)
        >>> first, second = augmenter.two_views(pictures)
    """

    def __init__(self, layers: Sequence[RandomLayer], seed: int | None = None, **kwargs) -> None:
        super().__init__(seed=seed, **kwargs)
        self.layers = list(layers)

    def build(self, input_shape):
        for layer in self.layers:
            layer.build(input_shape)
            input_shape = layer.compute_output_shape(input_shape)
        self.built = True

    def transform(self, images, seed):
        images = tf.convert_to_tensor(images)
        for number, layer in enumerate(self.layers):
            images = layer.transform(images, tf.random.fold_in(seed, number))
        return tf.cast(images, tf.float32)

    def transform_at_rest(self, images):
        for layer in self.layers:
            images = layer.transform_at_rest(images)
        return tf.cast(images, tf.float32)

    def two_views(self, images: tf.Tensor, seed: tf.Tensor | None = None) -> tf.Tensor:
        """Returns float32 `[2N, height, width, 3]`: first views, then second views, in order.

        Args:
            images: `[N, height, width, 3]`, uint8 or floating, 0..255.
            seed: int32 `[2]`, which gives the same views each time; by default the layer's own
                generator draws the next one.
        """
        images = tf.convert_to_tensor(images)
        both = tf.concat([images, images], axis=0)
        return self(both, training=True) if seed is None else self.transform(both, seed)

    def compute_output_shape(self, input_shape):
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def get_config(self):
        layers = [keras.saving.serialize_keras_object(layer) for layer in self.layers]
        return {**super().get_config(), "layers": layers}

    @classmethod
    def from_config(cls, config):
        layers = [keras.saving.deserialize_keras_object(layer) for layer in config["layers"]]
        return cls(**{**config, "layers": layers})
