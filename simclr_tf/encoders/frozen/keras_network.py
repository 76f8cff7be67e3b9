"""Keras files of models that do not scale pictures themselves."""

from __future__ import annotations

import os

import tensorflow as tf

from simclr_tf.encoders.frozen.network import choose_output, find_picture_input
from simclr_tf.encoders.load import load_encoder


class KerasNetwork:
    """Runs a Keras model on float32 pictures with `training=False`.

    Args:
        path: A `.keras` file; no code in it is run.
        output: Name of the output that is the embedding, where there are several.

    Raises:
        ValueError: The file is not a readable Keras model, or not one of pictures.
    """

    picture_dtype = "float32"
    is_quantised = False

    def __init__(self, path: str | os.PathLike[str], output: str = "") -> None:
        place = os.fspath(path)
        self._model = load_encoder(path)
        shapes = {tensor.name: list(tensor.shape) for tensor in self._model.inputs}
        find_picture_input(shapes, place)
        if len(shapes) > 1:
            raise ValueError(f"{place} must have one input. Received: {', '.join(shapes)}")
        _, self.height, self.width, _ = next(iter(shapes.values()))
        names = list(self._model.output_names)
        self._position = names.index(choose_output(names, output, place))

    def __call__(self, pictures: tf.Tensor) -> tf.Tensor:
        """See `Network`."""
        outputs = tf.nest.flatten(self._model(pictures, training=False))
        return outputs[self._position]
