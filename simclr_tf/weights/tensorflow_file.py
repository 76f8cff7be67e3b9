"""Read the variables of TensorFlow's checkpoints and SavedModels; nothing of a graph is run."""

from __future__ import annotations

import os
import pathlib

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2

_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def tensorflow_prefix(path: pathlib.Path) -> pathlib.Path | None:
    """Returns the prefix of TensorFlow's checkpoint that a path means; `None` if it means none.

    Args:
        path: a SavedModel or module folder, a folder of checkpoints (its newest), a checkpoint's
            `.index` file or the prefix itself.
    """
    if path.is_dir():
        inside = path / "variables" / "variables"
        newest = tf.train.latest_checkpoint(os.fspath(path))
        path = inside if _is_prefix(inside) or newest is None else pathlib.Path(newest)
    if path.suffix == ".index":
        path = path.with_suffix("")
    return path if _is_prefix(path) else None


def read_tensorflow_file(prefix: pathlib.Path) -> dict[str, np.ndarray]:
    """Returns the variables of a checkpoint by their own names, see `read_checkpoint`.

    Checkpoints of TensorFlow 2 store variables by the place of their object, and beside it the
    name that the variable was made with; those of TensorFlow 1 know the name alone.
    """
    try:
        reader = tf.train.load_checkpoint(os.fspath(prefix))
        keys = {key: key for key in reader.get_variable_to_shape_map() if key != _OBJECT_GRAPH}
        if reader.has_tensor(_OBJECT_GRAPH):
            keys = _keys_by_name(reader.get_tensor(_OBJECT_GRAPH))
        return {name: np.asarray(reader.get_tensor(key)) for name, key in keys.items()}
    # Some of its reader's failures come as the exceptions that Python has for them.
    except (tf.errors.OpError, OSError, RuntimeError, ValueError, TypeError, LookupError) as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise ValueError(
            f"`weights` must be a whole checkpoint of TensorFlow. Received: {prefix}: {reason}"
        ) from error


def _is_prefix(path: pathlib.Path) -> bool:
    return path.with_name(f"{path.name}.index").is_file()


def _keys_by_name(serialised: bytes) -> dict[str, str]:
    """Where each variable is stored, by the name that it was made with."""
    graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(serialised)
    keys: dict[str, str] = {}
    for node in graph.nodes:
        for attribute in node.attributes:
            # What has no name, or one that came before, goes by its place.
            name = attribute.full_name or attribute.checkpoint_key
            keys[attribute.checkpoint_key if name in keys else name] = attribute.checkpoint_key
    return keys
