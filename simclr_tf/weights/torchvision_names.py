"""ResNets among the names of a checkpoint, and their layers' names here and in torchvision."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_STAGES = 4


def torchvision_name(layer: str) -> str:
    """Returns torchvision's name of one of our layers: `layer1.0.conv1` of `layer1_0_conv1`."""
    name = re.sub(r"^(layer\d)_(\d+)_", r"\1.\2.", layer)
    return name.replace("downsample_conv", "downsample.0").replace("downsample_bn", "downsample.1")


def layer_name(name: str) -> str:
    """Returns our name of torchvision's layer: the inverse of `torchvision_name`."""
    name = name.replace("downsample.0", "downsample_conv").replace("downsample.1", "downsample_bn")
    return name.replace(".", "_")


def is_encoder_layer(name: str) -> bool:
    """Returns whether torchvision's ResNet has a layer of this name before its classifier."""
    return bool(re.fullmatch(r"(conv1|bn1|layer\d\.\d+\.((conv|bn)\d|downsample\.[01]))", name))


def find_names(arrays: Collection[str]) -> dict[str, dict[str, str]]:
    """Finds every ResNet among the names of a checkpoint, whatever stands before them.

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


def encoder_layers(names: Iterable[str]) -> list[str]:
    """Returns torchvision's names of the layers before the classifier that have weights.

    Raises:
        ValueError: if a stage of the network has layers that torchvision's does not have.
    """
    layers = []
    for name in names:
        layer, _, part = name.rpartition(".")
        if is_encoder_layer(layer):
            layers += [layer] if part == "weight" else []
        elif re.match(r"layer\d\.", name):
            raise ValueError(
                "`weights` must be of a ResNet as torchvision builds it. Received: one with "
                f"{name!r}, which it does not have"
            )
    return layers


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
