"""Load the weights of a file into the layers of the same names."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import h5py
import keras
import numpy as np

from simclr_tf.archives import DAMAGED_FILE_ERRORS, opened_archive


@dataclasses.dataclass(frozen=True)
class _Stored:
    """The arrays of one layer, and the file's own name for where they lie."""

    owner: str
    arrays: list[np.ndarray]


# Compressed numbers; weights hardly shrink.
_LARGEST_GROWTH = 100

# By layer, with a comparable name.
Arrays = dict[str, _Stored]


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
    in_file = _read_weights(pathlib.Path(file))
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


def _comparable(name: str) -> str:
    return name.replace("/", "_")


def _matching_names(layers: dict[str, keras.layers.Layer], in_file: Arrays) -> dict[str, str]:
    """Returns the name in the file, which may not be there, by the name of each layer."""
    matching = {name: _comparable(name) for name in layers}
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
    name: str, layer: keras.layers.Layer, stored: _Stored | None, file: str | os.PathLike[str]
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


# === Reading the formats ===


def _read_weights(path: pathlib.Path) -> Arrays:
    """Returns the arrays by layer, names already comparable, in the order of the file."""
    if not path.is_file():
        raise ValueError(f"`weights` must be a file that exists. Received: weights={str(path)!r}")
    try:
        if path.suffix == ".keras":
            with opened_archive(path) as archive, archive.open("model.weights.h5") as stored:
                return _read_h5(stored)
        return _read_h5(path)
    except (OSError, *DAMAGED_FILE_ERRORS) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            "`weights` must be a readable Keras file (.keras, .weights.h5 or .h5). "
            f"Received: {path}: {reason}"
        ) from error


def _read_h5(source: Any) -> Arrays:
    with h5py.File(source, "r") as file:
        _refuse_other_files(file)
        root = file.get("model_weights", file)
        if "layer_names" in root.attrs:
            return _read_legacy(root)
        arrays: Arrays = {}
        _read_keras_3(file, arrays)
    if not arrays:
        raise OSError("it holds no layers with weights")
    return arrays


def _refuse_other_files(group: h5py.Group) -> None:
    """Raises `ValueError` where a link leads into another file, which nobody asked to read."""
    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.ExternalLink):
            raise ValueError(f"{name} is a link to another file")
        if isinstance(group[name], h5py.Group):
            _refuse_other_files(group[name])


def _read_legacy(root: h5py.Group) -> Arrays:
    arrays: Arrays = {}
    for layer in _names(root, "layer_names"):
        names = _names(root[layer], "weight_names")
        if names:
            arrays[_comparable(layer)] = _Stored(
                layer, [_array(root[layer], name) for name in names]
            )
        # A model within the model is one group: `inner_model/inner_layer/kernel`.
        inner = [name.split("/")[-2] if "/" in name else "" for name in names]
        if len(set(inner)) > 1 and "" not in inner:
            for own in dict.fromkeys(inner):
                own_names = [name for name, of in zip(names, inner, strict=True) if of == own]
                stored = _Stored(layer, [_array(root[layer], name) for name in own_names])
                arrays.setdefault(_comparable(own), stored)
    return arrays


def _array(group: h5py.Group, name: str) -> np.ndarray:
    dataset = group[name]
    if not isinstance(dataset, h5py.Dataset) or dataset.external or dataset.is_virtual:
        raise ValueError(f"the numbers of {name} are not in it")
    # A small file may state a shape that fills the memory.
    if dataset.nbytes > _LARGEST_GROWTH * dataset.id.get_storage_size():
        raise ValueError(f"it states the shape {dataset.shape} for {name} and has fewer numbers")
    return dataset[()]


def _names(group: h5py.Group, attribute: str) -> list[str]:
    # Lists that are too long for one attribute are cut into layer_names0, layer_names1, ….
    chunks = [attribute] if attribute in group.attrs else []
    while f"{attribute}{len(chunks)}" in group.attrs:
        chunks.append(f"{attribute}{len(chunks)}")
    names = [name for chunk in chunks for name in group.attrs[chunk]]
    return [name.decode("utf-8") if isinstance(name, bytes) else str(name) for name in names]


# What else has variables in a file of Keras 3.
_NO_LAYERS = ("optimizer", "seed_generator")


def _read_keras_3(group: h5py.Group, arrays: Arrays) -> None:
    """Walks to the groups `vars`, which carry the name of their layer."""
    for key, child in group.items():
        if not isinstance(child, h5py.Group) or key in _NO_LAYERS:
            continue
        if key == "vars":
            # Weights are numbered; a random generator's state, which is no weight, has a name.
            numbers = sorted((number for number in child if number.isdecimal()), key=int)
            weights = [_array(child, number) for number in numbers]
            if weights:
                name = str(child.attrs["name"])
                arrays[_comparable(name)] = _Stored(name, weights)
        else:
            _read_keras_3(child, arrays)
