"""What PyTorch's checkpoints have in common, whatever the network."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping

import numpy as np

from simclr_tf.checks import check_one_of

# Second copies of the network that some methods keep: averages and teachers.
_COPIES = re.compile(r"(^|[._])(ema|momentum|teacher|target|encoder_k|key|swa)([._]|$)")
# The order that Keras has them in too.
_PARTS = ("weight", "bias", "running_mean", "running_var")


def choose_network(prefixes: Collection[str], prefix: str | None) -> str:
    """Returns the prefix of the network to take: `prefix`, or the only one that is no copy.

    Raises:
        ValueError: if `prefix` is not there, or several networks may be meant.
    """
    if prefix is not None:
        dotted = prefix if prefix in prefixes or prefix == "" else f"{prefix.rstrip('.')}."
        check_one_of("prefix", dotted, prefixes)
        return dotted
    own = [name for name in prefixes if not _COPIES.search(name)] or list(prefixes)
    if len(own) > 1:
        raise ValueError(
            f"`prefix` must say which of the file's networks to take: {', '.join(map(repr, own))}. "
            "Received: prefix=None"
        )
    return own[0]


def layer_arrays(
    arrays: Mapping[str, np.ndarray], names: Mapping[str, str], layers: Iterable[str]
) -> dict[str, list[np.ndarray]]:
    """Returns the arrays of layers, in the order and layout of Keras.

    Args:
        arrays: of the checkpoint.
        names: the checkpoint's own names by the network's.
        layers: names of layers in the network.

    Returns:
        By the network's name, those of weight, bias and moving statistics that are there.
    """
    found = {}
    for layer in layers:
        parts = [f"{layer}.{part}" for part in _PARTS if f"{layer}.{part}" in names]
        values = [arrays[names[part]] for part in parts]
        if values[0].ndim == 4:
            # [out, in, height, width] to [height, width, in, out].
            values[0] = values[0].transpose(2, 3, 1, 0)
        elif values[0].ndim == 2:
            values[0] = values[0].T
        found[layer] = values
    return found


def left_out(
    own_names: Iterable[str], names: Mapping[str, str], is_encoder_layer: Callable[[str], bool]
) -> dict[str, str]:
    """Returns why arrays of a checkpoint are left out, by name.

    Args:
        own_names: of all arrays of the checkpoint.
        names: those of the network, by the network's names.
        is_encoder_layer: whether the network's layer of a name comes before its features.
    """
    known = {own: name for name, own in names.items()}
    reasons = {}
    for own in own_names:
        if own not in known:
            reasons[_group(own)] = "outside the network"
            continue
        layer, _, part = known[own].rpartition(".")
        if part == "num_batches_tracked":
            reasons["*.num_batches_tracked"] = "counts batches; normalisation does not use it"
        elif not is_encoder_layer(layer):
            reasons[own] = "after the features: a classifier or projection head"
    return reasons


def _group(name: str) -> str:
    """`optimizer.state.*` for one of many arrays."""
    parts = name.split(".")
    numbered = next((place for place, part in enumerate(parts) if part.isdecimal()), None)
    return name if numbered is None else ".".join([*parts[:numbered], "*"])
