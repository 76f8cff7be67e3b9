"""SavedModel folders through their serving signature."""

from __future__ import annotations

import os

import tensorflow as tf

from simclr_tf.encoders.frozen.network import choose_output, find_picture_input

_SIGNATURE = "serving_default"
_DTYPES = ("float32", "uint8")


class SavedModelNetwork:
    """Runs the signature `serving_default` of a SavedModel, or its only one, on pictures.

    Inputs beside the pictures, such as a switch between training and use, get zeros.

    Args:
        path: The folder.
        output: Name of the output that is the embedding, where there are several.

    Raises:
        ValueError: The folder is not a readable SavedModel, or not one of pictures.
    """

    is_quantised = False

    def __init__(self, path: str | os.PathLike[str], output: str = "") -> None:
        place = os.fspath(path)
        try:
            # Kept whole: a signature alone does not keep its variables alive.
            self._model = tf.saved_model.load(place)
        except (OSError, KeyError, ValueError, tf.errors.OpError) as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"The SavedModel {place} cannot be read: {reason}") from error
        self._signature = _signature(self._model, place)
        inputs = self._signature.structured_input_signature[1]
        shapes = {
            name: [] if spec.shape.rank is None else spec.shape.as_list()
            for name, spec in inputs.items()
        }
        self._picture = find_picture_input(shapes, place)
        batch, self.height, self.width, _ = shapes[self._picture]
        self.picture_dtype = inputs[self._picture].dtype.name
        if batch is not None or self.picture_dtype not in _DTYPES:
            raise ValueError(
                f"{place} must take float32 or uint8 pictures in batches of any size. "
                f"Received: {self.picture_dtype} {shapes[self._picture]}"
            )
        self._others = {name: spec for name, spec in inputs.items() if name != self._picture}
        self._output = choose_output(self._signature.structured_outputs, output, place)

    def __call__(self, pictures: tf.Tensor) -> tf.Tensor:
        """See `Network`."""
        if self.picture_dtype == "uint8":
            pictures = tf.cast(tf.round(pictures), tf.uint8)
        batch = tf.shape(pictures)[0]
        zeros = {}
        for name, spec in self._others.items():
            sides = [batch if side is None else side for side in spec.shape.as_list()]
            zeros[name] = tf.zeros(sides, spec.dtype)
        return self._signature(**{self._picture: pictures}, **zeros)[self._output]


def _signature(model: tf.Module, place: str) -> tf.types.experimental.ConcreteFunction:
    signatures = dict(model.signatures)
    if _SIGNATURE in signatures:
        return signatures[_SIGNATURE]
    if len(signatures) == 1:
        return next(iter(signatures.values()))
    raise ValueError(
        f"The SavedModel {place} must have a signature {_SIGNATURE}. "
        f"Received: {', '.join(signatures) or 'no signatures'}"
    )
