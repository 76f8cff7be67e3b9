"""What every kind of model file is to a frozen encoder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import tensorflow as tf


class Network(Protocol):
    """A model that takes a batch of pictures of its own height, width, type and range."""

    @property
    def height(self) -> int | None:
        """Of its pictures in pixels; None if it takes any."""

    @property
    def width(self) -> int | None:
        """Of its pictures in pixels; None if it takes any."""

    @property
    def picture_dtype(self) -> str:
        """`"float32"`, `"uint8"` or `"int8"`."""

    @property
    def is_quantised(self) -> bool:
        """Whether it turns real numbers into the whole numbers that it takes."""

    def __call__(self, pictures: tf.Tensor) -> tf.Tensor:
        """Returns the chosen output for float32 pictures, scaled as told."""


def find_picture_input(shapes: Mapping[Any, Sequence[int | None]], place: str) -> Any:
    """Returns the key of the one input with shape `[batch, height, width, 3]`.

    Raises:
        ValueError: There is none, or there are several.
    """
    found = [key for key, shape in shapes.items() if len(shape) == 4 and shape[3] == 3]
    if len(found) != 1:
        listed = "; ".join(f"{key}: {list(shape)}" for key, shape in shapes.items())
        raise ValueError(
            f"{place} must have one input of pictures [batch, height, width, 3] to be an encoder. "
            f"Received: {listed or 'no inputs'}"
        )
    return found[0]


def choose_output(names: Iterable[str], wanted: str, place: str) -> str:
    """Returns the name of the output that is the embedding.

    Raises:
        ValueError: The model has not got that output, or has several and none is named.
    """
    names = sorted(names)
    if wanted in names:
        return wanted
    if len(names) == 1 and not wanted:
        return names[0]
    raise ValueError(
        f"`frozen_output` must be one of the outputs of {place}: {', '.join(names)}. "
        f"Received: frozen_output={wanted!r}"
    )
