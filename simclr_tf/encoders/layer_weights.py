"""Load the weights of a file into the layers of the same names."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import keras
import numpy as np

from simclr_tf.encoders.weights_file import (
    StoredLayer,
    StoredLayers,
    comparable_name,
    read_weights_file,
)


@dataclasses.dataclass(frozen=True)
class LoadedWeights:
    """What `load_weights_by_layer_name` did.

    Args:
        mapped: the encoder's layers whose weights were loaded, in order.
        left_out: the file's layers that the encoder does not have, such as a classifier.
    """

    mapped: tuple[str, ...]
    left_out: tuple[str, ...]


def load_weights_by_layer_name(encoder: keras.Model, file: str | os.PathLike[str]) -> LoadedWeights:
    """Loads weights from a Keras file into the encoder's layers of the same names.

    Every layer of the encoder must be in the file with weights of the same shapes; further layers
    of the file are left out. Names are compared with `_` for `/`, which Keras 3 does not take
    in names. Layers that Keras itself numbered (`layer_normalization_3`) are compared by their
    order among those. Nothing is changed unless everything fits.

    Args:
        encoder: a model; layers of models within it count as its own.
        file: `.keras` (no code in it is run), `.weights.h5` of Keras 3, or `.h5` of any version,
            whole model or weights alone.

    Returns:
        Which layers were mapped and which left out.

    Raises:
        ValueError: if the file cannot be read, or is of another architecture: the message names
            the first layer that differs and both shapes.

    Example:
        >>> encoder = build_encoder("squeezenet", image_size=128)
        >>> load_weights_by_layer_name(encoder, "squeezenet_v1.1_imagenet_notop.h5").left_out
        ()
    """
    return _assign(encoder, read_weights_file(pathlib.Path(file)), file)


def assign_weights_by_layer_name(
    encoder: keras.Model,
    arrays: Mapping[str, Sequence[np.ndarray]],
    file: str | os.PathLike[str],
) -> LoadedWeights:
    """Gives the encoder's layers the arrays of their names, see `load_weights_by_layer_name`.

    Args:
        encoder: a model.
        arrays: of each layer in the order of its weights, by the layer's name.
        file: where they come from, for errors.

    Raises:
        ValueError: if a layer is missing or has other shapes; nothing is changed then.
    """
    stored = {comparable_name(name): StoredLayer(name, list(of)) for name, of in arrays.items()}
    return _assign(encoder, stored, file)


def _assign(
    encoder: keras.Model, in_file: StoredLayers, file: str | os.PathLike[str]
) -> LoadedWeights:
    layers = {layer.name: layer for layer in _layers_with_weights(encoder)}
    names_in_file = _matching_names(layers, in_file)
    for name, layer in layers.items():
        _check_same_shapes(name, layer, in_file.get(names_in_file[name]), file)
    for name, layer in layers.items():
        layer.set_weights(in_file[names_in_file[name]].arrays)
    used = {in_file[names_in_file[name]].owner for name in layers}
    owners = dict.fromkeys(stored.owner for stored in in_file.values())
    left_out = tuple(owner for owner in owners if owner not in used)
    return LoadedWeights(mapped=tuple(layers), left_out=left_out)


def _matching_names(layers: dict[str, keras.layers.Layer], in_file: StoredLayers) -> dict[str, str]:
    """Returns the name in the file, which may not be there, by the name of each layer."""
    matching = {name: comparable_name(name) for name in layers}
    for base in {_automatic_name(layer) for layer in layers.values()}:
        own, theirs = (_numbered(names, base) for names in (layers, in_file))
        matching.update(zip(own, theirs, strict=False))
    return matching


def _automatic_name(layer: keras.layers.Layer) -> str:
    """What Keras calls the first layer of this class that has no name: `conv2d`."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", type(layer).__name__)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _numbered(names: Iterable[str], base: str) -> list[str]:
    """The names `base`, `base_1`, `base_2`, … among `names`, by their numbers."""
    found = {name: re.fullmatch(rf"{base}(?:_(\d+))?", name) for name in names}
    numbers = {name: int(match[1] or 0) for name, match in found.items() if match}
    return sorted(numbers, key=lambda name: numbers[name])


def _layers_with_weights(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers_with_weights(layer)
        elif layer.weights:
            yield layer


def _check_same_shapes(
    name: str, layer: keras.layers.Layer, stored: StoredLayer | None, file: str | os.PathLike[str]
) -> None:
    own = [tuple(weight.shape) for weight in layer.weights]
    found = None if stored is None else [array.shape for array in stored.arrays]
    if found == own:
        return
    has = "has no such layer" if found is None else f"has it with the shapes {_text(found)}"
    raise ValueError(
        f"`weights` must be of the same architecture: the first layer that differs is {name!r} "
        f"with the shapes {_text(own)}, and the file {has}. Received: {os.fspath(file)}"
    )


def _text(shapes: list[tuple]) -> str:
    return ", ".join(str(shape) for shape in shapes) or "of no weights"
