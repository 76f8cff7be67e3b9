"""A ResNet in a checkpoint of PyTorch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from simclr_tf.encoders.picture_scaling import IMAGENET_MEAN, IMAGENET_STD
from simclr_tf.encoders.resnet import RESNETS
from simclr_tf.weights.architecture import infer_architecture
from simclr_tf.weights.checkpoint import Checkpoint
from simclr_tf.weights.found_network import Architecture, FoundNetwork
from simclr_tf.weights.import_options import ImportOptions
from simclr_tf.weights.torch_names import choose_network, layer_arrays, left_out
from simclr_tf.weights.torchvision_names import (
    encoder_layers,
    find_names,
    is_encoder_layer,
    layer_name,
)

IMAGE_SIZES = {"cifar": 32, "strided": 64, "imagenet": 224, "imagenet_same": 224}
_NUMBERS = ",".join(3 * [r"(\d+(?:\.\d+)?(?:e-?\d+)?)"])


def find_resnet(checkpoint: Checkpoint, options: ImportOptions) -> FoundNetwork | None:
    """Returns the ResNet under torchvision's names, see `find_names`; `None` without one.

    The network is told by the shapes in the file. The padding of convolutions with stride 2, ε and
    momentum of our ResNets are torchvision's already.

    Raises:
        ValueError: if several may be meant, or it is none that can be built here.
    """
    found = find_names(checkpoint.arrays)
    if not found or options.encoder not in ("auto", *RESNETS):
        return None
    prefix = choose_network(found, options.prefix)
    names = found[prefix]
    architecture = _architecture(checkpoint, names, options)
    layers = encoder_layers(names)
    arrays = layer_arrays(checkpoint.arrays, names, layers)
    return FoundNetwork(
        architecture,
        IMAGE_SIZES[architecture.stem],
        {layer_name(layer): parts for layer, parts in arrays.items()},
        {layer_name(layer): names[f"{layer}.weight"].removesuffix(".weight") for layer in layers},
        prefix,
        left_out(checkpoint.arrays, names, is_encoder_layer),
        _scaling("mean", options.mean, checkpoint, IMAGENET_MEAN),
        _scaling("std", options.std, checkpoint, IMAGENET_STD),
    )


def _architecture(
    checkpoint: Checkpoint, names: Mapping[str, str], options: ImportOptions
) -> Architecture:
    """What the options ask for, and where they do not, what the file holds."""
    if options.encoder != "auto" and options.width and options.stem != "auto":
        return Architecture(options.encoder, options.width, options.stem)
    shapes = {name: checkpoint.arrays[own].shape for name, own in names.items()}
    held = infer_architecture(shapes)
    return Architecture(
        held.name if options.encoder == "auto" else options.encoder,
        options.width or held.width,
        held.stem if options.stem == "auto" else options.stem,
    )


def _scaling(
    name: str, given: Sequence[float] | None, checkpoint: Checkpoint, default: Sequence[float]
) -> tuple[float, ...]:
    # Of `write_torchvision`; other programs may use the name for something else.
    told = re.fullmatch(_NUMBERS, checkpoint.metadata.get(name, ""))
    if given is None:
        given = [float(part) for part in told.groups()] if told else default
    return tuple(float(part) for part in given)
