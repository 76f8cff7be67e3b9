"""ResNets among the names of a checkpoint, and their layers' names here and in torchvision."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import numpy as np

from simclr_tf.checks import check_one_of

_STAGES = 4
# Second copies of the network that some methods keep: averages and teachers.
_COPIES = re.compile(r"(^|[._])(ema|momentum|teacher|target|encoder_k|key|swa)([._]|$)")
_BATCH_NORM = ("weight", "bias", "running_mean", "running_var")


def torchvision_name(layer: str) -> str:
    """Returns torchvision's name of one of our layers: `layer1.0.conv1` of `layer1_0_conv1`."""
    name = re.sub(r"^(layer\d)_(\d+)_", r"\1.\2.", layer)
    return name.replace("downsample_conv", "downsample.0").replace("downsample_bn", "downsample.1")


def layer_name(name: str) -> str:
    """Returns our name of torchvision's layer: the inverse of `torchvision_name`."""
    name = name.replace("downsample.0", "downsample_conv").replace("downsample.1", "downsample_bn")
    return name.replace(".", "_")


def find_resnets(arrays: Mapping[str, np.ndarray]) -> dict[str, dict[str, str]]:
    """Finds every ResNet in a checkpoint, whatever stands before its names.

    Torchvision's names are known (`conv1.weight`, `layer1.0.bn2.running_mean`), `shortcut` for
    `downsample`, and the numbers that `torch.nn.Sequential` gives to torchvision's parts.

    Returns:
        By prefix (`"state_dict.backbone."`), the file's own names by torchvision's.
    """
    found = {}
    for name in arrays:
        prefix, _, tail = name.rpartition("conv1.weight")
        if tail == "" and _begins_here(prefix) and f"{prefix}layer1.0.conv1.weight" in arrays:
            found[prefix] = {own[len(prefix) :]: own for own in arrays if own.startswith(prefix)}
    for name in arrays:
        match = re.fullmatch(r"(|.*\.)\d+\.0\.conv1\.weight", name)
        if match and match[1] not in found:
            renamed = _of_sequence(match[1], arrays)
            if renamed:
                found[match[1]] = renamed
    return {
        prefix: {name.replace("shortcut.", "downsample."): own for name, own in names.items()}
        for prefix, names in found.items()
    }


def choose_resnet(found: Mapping[str, dict[str, str]], prefix: str | None) -> str:
    """Returns the prefix of the ResNet to take: `prefix`, or the only one that is no copy.

    Raises:
        ValueError: if `prefix` is not there, or several networks may be meant.
    """
    if prefix is not None:
        dotted = prefix if prefix in found or prefix == "" else f"{prefix.rstrip('.')}."
        check_one_of("prefix", dotted, found)
        return dotted
    own = [name for name in found if not _COPIES.search(name)] or list(found)
    if len(own) > 1:
        raise ValueError(
            f"`prefix` must say which of the file's networks to take: {', '.join(map(repr, own))}. "
            "Received: prefix=None"
        )
    return own[0]


def layer_arrays(
    arrays: Mapping[str, np.ndarray], names: Mapping[str, str]
) -> dict[str, list[np.ndarray]]:
    """Returns the arrays by our layers' names, in the order and layout of Keras.

    Args:
        arrays: of the checkpoint.
        names: the checkpoint's own names by torchvision's.

    Raises:
        ValueError: if a stage of the network has layers that torchvision's does not have.
    """
    layers: dict[str, list[np.ndarray]] = {}
    for name in names:
        base, _, part = name.rpartition(".")
        if re.match(r"layer\d\.", name) and not is_encoder_layer(base):
            raise ValueError(
                "`weights` must be of a ResNet as torchvision builds it. Received: one with "
                f"{names[name]!r}, which it does not have"
            )
        if part != "weight" or not is_encoder_layer(base):
            continue
        parts = [f"{base}.{own}" for own in _BATCH_NORM if f"{base}.{own}" in names]
        values = [arrays[names[own]] for own in parts]
        if values[0].ndim == 4:
            # [out, in, height, width] to [height, width, in, out].
            values[0] = values[0].transpose(2, 3, 1, 0)
        layers[layer_name(base)] = values
    return layers


def is_encoder_layer(name: str) -> bool:
    """Returns whether torchvision's ResNet has a layer of this name before its classifier."""
    return bool(re.fullmatch(r"(conv1|bn1|layer\d\.\d+\.((conv|bn)\d|downsample\.[01]))", name))


def _begins_here(prefix: str) -> bool:
    """Whether a network begins after `prefix`, and not one of its blocks."""
    return prefix == "" or (prefix.endswith(".") and not prefix[:-1].split(".")[-1].isdecimal())


def _of_sequence(prefix: str, names: Collection[str]) -> dict[str, str]:
    """Torchvision's names of a `torch.nn.Sequential` of its parts; none where it is another."""
    pattern = re.compile(re.escape(prefix) + r"(\d+)\.(.+)")
    parts = [match for match in map(pattern.fullmatch, names) if match]

    def numbers(*tails: str) -> list[int]:
        return sorted({int(part[1]) for part in parts if part[2] in tails})

    stages = numbers("0.conv1.weight")
    stem, normalised = numbers("weight"), numbers("running_mean")
    if len(stages) != _STAGES or not stem or not normalised:
        return {}
    places = {stem[0]: "conv1", normalised[0]: "bn1"}
    places |= {number: f"layer{place}" for place, number in enumerate(stages, start=1)}
    return {
        f"{places[int(part[1])]}.{part[2]}": part[0] for part in parts if int(part[1]) in places
    }
