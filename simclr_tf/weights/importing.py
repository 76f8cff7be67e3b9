"""Import a network that was trained elsewhere."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from simclr_tf.encoders import RESNETS, assign_weights_by_layer_name, build_encoder
from simclr_tf.weights.checkpoint import Checkpoint, read_checkpoint
from simclr_tf.weights.facenet_checkpoint import find_facenet
from simclr_tf.weights.found_network import Architecture, FoundNetwork
from simclr_tf.weights.import_options import ImportOptions
from simclr_tf.weights.resnet_checkpoint import find_resnet
from simclr_tf.weights.simclr_checkpoint import find_simclr

_FINDERS = (find_resnet, find_facenet, find_simclr)
_SHOWN_NAMES = 3


@dataclasses.dataclass(frozen=True)
class ImportReport:
    """What `import_encoder` did.

    Attributes:
        architecture: what was built.
        prefix: what stands before the network's names in the file.
        image_size: height and width in pixels of the pictures that the encoder is meant for.
        mean: of the scaling of pictures, as fractions of 255; `None` for a network with its own.
        std: of the scaling of pictures, as for `mean`.
        mapped: the file's own name of every layer whose weights were taken, by its name here.
        left_out: why the rest of the file was left out, by name.
    """

    architecture: Architecture
    prefix: str
    image_size: int
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    mapped: Mapping[str, str]
    left_out: Mapping[str, str]


def import_encoder(
    file: str | os.PathLike[str], options: ImportOptions | None = None
) -> tuple[keras.Model, ImportReport]:
    """Builds an encoder with the weights of somebody else; its features are those of the original.

    Args:
        file: a checkpoint that `read_checkpoint` reads, with a ResNet under the names of
            torchvision or google-research/simclr, or a FaceNet under those of facenet-pytorch,
            after any prefix.
        options: what it must hold and how the network is built; by default what it holds.

    Returns:
        The encoder, and what was mapped and what left out.

    Raises:
        ValueError: if the file cannot be read, holds no such network (the message names the
            first layer that differs and both shapes), or weights that are not finite.

    Example:
        >>> encoder, report = import_encoder("checkpoint_0100.pth.tar")
        >>> encoder, report = import_encoder("20180402-114759-vggface2.pt")
        >>> encoder, report = import_encoder("simclrv2/pretrained/r50_1x_sk0/saved_model")
    """
    options = options or ImportOptions()
    found = _find(read_checkpoint(file), options, file)
    _check_values(found.arrays, file)
    size = options.image_size or found.image_size
    encoder = _build(found, size, options.mixed_precision)
    loaded = assign_weights_by_layer_name(encoder, found.arrays, file)
    if loaded.left_out:
        first = loaded.left_out[0]
        shapes = ", ".join(str(part.shape) for part in found.arrays[first])
        raise ValueError(
            f"`weights` must be of the same architecture: the file has the layer {first!r} with "
            f"the shapes {shapes}, and {encoder.name} has no such layer. "
            f"Received: {os.fspath(file)}"
        )
    mapped = {layer: found.names[layer] for layer in loaded.mapped}
    report = ImportReport(
        found.architecture, found.prefix, size, found.mean, found.std, mapped, found.left_out
    )
    return encoder, report


def _find(
    checkpoint: Checkpoint, options: ImportOptions, file: str | os.PathLike[str]
) -> FoundNetwork:
    for find in _FINDERS:
        found = find(checkpoint, options)
        if found is not None:
            return found
    wanted = ", ".join(RESNETS) + " or inception_resnet_v1"
    if options.encoder != "auto":
        wanted = options.encoder
    names = ", ".join(list(checkpoint.arrays)[:_SHOWN_NAMES])
    raise ValueError(
        f"`weights` must hold one of: {wanted}, under names of torchvision (conv1.weight, "
        "layer1.0.conv1.weight, ...), facenet-pytorch (conv2d_1a.conv.weight, ...) or "
        "google-research/simclr (conv2d/kernel, batch_normalization/gamma, ...). "
        f"Received: {os.fspath(file)}, with {len(checkpoint.arrays)} arrays, the first of which "
        f"are: {names or 'none'}"
    )


def _build(found: FoundNetwork, image_size: int, mixed_precision: str) -> keras.Model:
    scaling: dict[str, Any] = {}
    if found.mean is not None and found.std is not None:
        scaling = {"mean": found.mean, "std": found.std}
    return build_encoder(
        found.architecture.name,
        image_size=image_size,
        width=found.architecture.width,
        stem=found.architecture.stem,
        mixed_precision=mixed_precision,
        **scaling,
    )


def _check_values(arrays: Mapping[str, Sequence[np.ndarray]], file: str | os.PathLike[str]) -> None:
    for layer, parts in arrays.items():
        for part in parts:
            # Whole numbers are of a network in a quantised form, which has scales beside them.
            if part.dtype.kind in "biuc":
                raise ValueError(
                    f"`weights` must be floating numbers. Received: {os.fspath(file)}, with "
                    f"{part.dtype} in the layer {layer!r}"
                )
        bad = sum(int(np.sum(~np.isfinite(part))) for part in parts)
        if bad:
            raise ValueError(
                f"`weights` must be finite. Received: {os.fspath(file)}, with {bad} numbers of "
                f"the layer {layer!r} NaN or infinite"
            )
