"""Import a ResNet that was trained with PyTorch."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping, Sequence

import keras
import numpy as np

from simclr_tf.checks import check_at_least, check_one_of
from simclr_tf.encoders import RESNETS, assign_weights_by_layer_name, build_encoder
from simclr_tf.encoders.picture_scaling import IMAGENET_MEAN, IMAGENET_STD
from simclr_tf.encoders.resnet import STEMS
from simclr_tf.weights.architecture import Architecture, infer_architecture
from simclr_tf.weights.checkpoint import Checkpoint, read_checkpoint
from simclr_tf.weights.torchvision_names import (
    choose_resnet,
    find_resnets,
    is_encoder_layer,
    layer_arrays,
    torchvision_name,
)

_SIZE_BY_STEM = {"cifar": 32, "strided": 64, "imagenet": 224}


@dataclasses.dataclass(frozen=True)
class ImportReport:
    """What `import_resnet` did.

    Attributes:
        architecture: what was built.
        prefix: what stands before the network's names in the file.
        image_size: height and width in pixels of the pictures that the encoder is meant for.
        mean: of the scaling of pictures, as fractions of 255.
        std: of the scaling of pictures, as fractions of 255.
        mapped: the file's own name of every layer whose weights were taken, by its name here.
        left_out: why the rest of the file was left out, by name.
    """

    architecture: Architecture
    prefix: str
    image_size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    mapped: Mapping[str, str]
    left_out: Mapping[str, str]


def import_resnet(
    file: str | os.PathLike[str],
    *,
    encoder: str = "auto",
    width: float = 0,
    stem: str = "auto",
    image_size: int = 0,
    prefix: str | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    mixed_precision: str = "none",
) -> tuple[keras.Model, ImportReport]:
    """Builds an encoder with the weights of a PyTorch checkpoint; its features are PyTorch's.

    The file is one that `read_checkpoint` reads, with a ResNet under torchvision's names after
    any prefix. The network is told by the shapes in the file. The padding of convolutions with
    stride 2, ε and momentum of our ResNets are torchvision's already.

    Args:
        file: the checkpoint.
        encoder: a key of `RESNETS` that the file must hold; `"auto"` takes what it holds.
        width: multiplier of the channels that the file must have; 0 takes what it has.
        stem: a key of `STEMS` that the file must have; `"auto"` takes what it has.
        image_size: of the pictures that it is meant for, in pixels; 0 takes 32 after a `"cifar"`,
            64 after a `"strided"` and 224 after an `"imagenet"` stem.
        prefix: what stands before the names of the network, where the file holds several.
        mean: that the training subtracted, as fractions of 255; by default what a file of
            `write_torchvision` says, else ImageNet's.
        std: that it divided by, as for `mean`.
        mixed_precision: see `build_encoder`.

    Returns:
        The encoder, and what was mapped and what left out.

    Raises:
        ValueError: if the file cannot be read, holds no such network (the message names the
            first layer that differs and both shapes), or weights that are not finite.

    Example:
        >>> encoder, report = import_resnet("checkpoint_0100.pth.tar")
    """
    check_one_of("encoder", encoder, ["auto", *RESNETS])
    check_one_of("stem", stem, ["auto", *STEMS])
    check_at_least("width", width, 0)
    checkpoint = read_checkpoint(file)
    found = find_resnets(checkpoint.arrays)
    if not found:
        raise ValueError(_no_resnet(checkpoint, file))
    prefix = choose_resnet(found, prefix)
    names = found[prefix]
    asked = _architecture(checkpoint, names, encoder, width, stem)
    size = image_size or _SIZE_BY_STEM[asked.stem]
    mean = _scaling("mean", mean, checkpoint, IMAGENET_MEAN)
    std = _scaling("std", std, checkpoint, IMAGENET_STD)
    model = build_encoder(
        asked.name,
        image_size=size,
        width=asked.width,
        stem=asked.stem,
        mixed_precision=mixed_precision,
        mean=mean,
        std=std,
    )
    arrays = layer_arrays(checkpoint.arrays, names)
    _check_values(arrays, file)
    loaded = assign_weights_by_layer_name(model, arrays, file)
    if loaded.left_out:
        first = loaded.left_out[0]
        raise ValueError(
            f"`weights` must be of the same architecture: the file has the layer {first!r} with "
            f"the shapes {', '.join(str(part.shape) for part in arrays[first])}, and "
            f"{asked.name} has no such layer. Received: {os.fspath(file)}"
        )
    mapped = {
        layer: names[f"{torchvision_name(layer)}.weight"].removesuffix(".weight")
        for layer in loaded.mapped
    }
    return model, ImportReport(asked, prefix, size, mean, std, mapped, _left_out(checkpoint, names))


def _architecture(
    checkpoint: Checkpoint, names: Mapping[str, str], encoder: str, width: float, stem: str
) -> Architecture:
    if encoder != "auto" and width and stem != "auto":
        return Architecture(encoder, width, stem)
    shapes = {name: checkpoint.arrays[own].shape for name, own in names.items()}
    held = infer_architecture(shapes)
    return Architecture(
        held.name if encoder == "auto" else encoder,
        width or held.width,
        held.stem if stem == "auto" else stem,
    )


def _scaling(
    name: str, given: Sequence[float] | None, checkpoint: Checkpoint, default: Sequence[float]
) -> tuple[float, ...]:
    if given is None and name in checkpoint.metadata:
        given = [float(part) for part in checkpoint.metadata[name].split(",")]
    return tuple(float(part) for part in (default if given is None else given))


def _check_values(arrays: Mapping[str, Sequence[np.ndarray]], file: str | os.PathLike[str]) -> None:
    for layer, parts in arrays.items():
        bad = sum(int(np.sum(~np.isfinite(part))) for part in parts)
        if bad:
            raise ValueError(
                f"`weights` must be finite. Received: {os.fspath(file)}, with {bad} numbers of "
                f"the layer {layer!r} NaN or infinite"
            )


def _left_out(checkpoint: Checkpoint, names: Mapping[str, str]) -> dict[str, str]:
    known = {own: name for name, own in names.items()}
    left_out = {}
    for own in checkpoint.arrays:
        if own not in known:
            left_out[_group(own)] = "outside the network"
            continue
        base, _, part = known[own].rpartition(".")
        if part == "num_batches_tracked":
            left_out["*.num_batches_tracked"] = "counts batches; normalisation does not use it"
        elif not is_encoder_layer(base):
            left_out[own] = "after the features: a classifier or projection head"
    return left_out


def _group(name: str) -> str:
    """`optimizer.state.*` for one of many arrays."""
    parts = name.split(".")
    numbered = next((place for place, part in enumerate(parts) if part.isdecimal()), None)
    return name if numbered is None else ".".join([*parts[:numbered], "*"])


def _no_resnet(checkpoint: Checkpoint, file: str | os.PathLike[str]) -> str:
    kinds = re.sub(r"[\[\]']", "", str(list(checkpoint.arrays)[:3]))
    return (
        "`weights` must hold a ResNet under torchvision's names (conv1.weight, "
        f"layer1.0.conv1.weight, ...). Received: {os.fspath(file)}, with {len(checkpoint.arrays)} "
        f"arrays, the first of which are: {kinds or 'none'}"
    )
