"""What a Keras file holds, layer by layer."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import h5py
import numpy as np

from simclr_tf.archives import DAMAGED_FILE_ERRORS, opened_archive

# Compressed numbers; weights hardly shrink.
_LARGEST_GROWTH = 100
# What else has variables in a file of Keras 3.
_NO_LAYERS = ("optimizer", "seed_generator")


@dataclasses.dataclass(frozen=True)
class StoredLayer:
    """The arrays of one layer.

    Attributes:
        owner: the file's own name for where they lie.
        arrays: in the order of the layer's weights.
    """

    owner: str
    arrays: list[np.ndarray]


# By layer, with a comparable name.
StoredLayers = dict[str, StoredLayer]


def comparable_name(name: str) -> str:
    """Returns a layer's name as Keras 3 takes it: `_` for `/`."""
    return name.replace("/", "_")


def read_weights_file(path: pathlib.Path) -> StoredLayers:
    """Returns the arrays by layer, names already comparable, in the order of the file.

    Args:
        path: `.keras` (no code in it is run), `.weights.h5` of Keras 3, or `.h5` of any version.

    Raises:
        ValueError: if it is not such a file.
    """
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


def _read_h5(source: Any) -> StoredLayers:
    with h5py.File(source, "r") as file:
        _refuse_other_files(file)
        root = file.get("model_weights", file)
        if "layer_names" in root.attrs:
            return _read_legacy(root)
        arrays: StoredLayers = {}
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


def _read_legacy(root: h5py.Group) -> StoredLayers:
    arrays: StoredLayers = {}
    for layer in _names(root, "layer_names"):
        names = _names(root[layer], "weight_names")
        if names:
            arrays[comparable_name(layer)] = StoredLayer(
                layer, [_array(root[layer], name) for name in names]
            )
        # A model within the model is one group: `inner_model/inner_layer/kernel`.
        inner = [name.split("/")[-2] if "/" in name else "" for name in names]
        if len(set(inner)) > 1 and "" not in inner:
            for own in dict.fromkeys(inner):
                own_names = [name for name, of in zip(names, inner, strict=True) if of == own]
                stored = StoredLayer(layer, [_array(root[layer], name) for name in own_names])
                arrays.setdefault(comparable_name(own), stored)
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


def _read_keras_3(group: h5py.Group, arrays: StoredLayers) -> None:
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
                arrays[comparable_name(name)] = StoredLayer(name, weights)
        else:
            _read_keras_3(child, arrays)
