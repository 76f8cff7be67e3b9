"""FaceNet's Inception-ResNet-v1 in a checkpoint of facenet-pytorch."""

from __future__ import annotations

import re

from simclr_tf.weights.checkpoint import Checkpoint
from simclr_tf.weights.found_network import Architecture, FoundNetwork
from simclr_tf.weights.import_options import ImportOptions
from simclr_tf.weights.torch_names import choose_network, layer_arrays, left_out

_NAME = "inception_resnet_v1"
_FIRST = "conv2d_1a.conv.weight"
_EMBEDDING = "last_linear.weight"
# Of the pictures of VGGFace2 and CASIA-WebFace that the published weights were trained with.
_IMAGE_SIZE = 160
_FIRST_CHANNELS = 32


def find_facenet(checkpoint: Checkpoint, options: ImportOptions) -> FoundNetwork | None:
    """Returns the FaceNet under facenet-pytorch's names, after any prefix; `None` without one.

    Raises:
        ValueError: if several may be meant, or `options` ask for what it does not have.
    """
    prefixes = [
        name.removesuffix(_FIRST)
        for name in checkpoint.arrays
        if name.endswith(_FIRST) and name.removesuffix(_FIRST) + _EMBEDDING in checkpoint.arrays
    ]
    prefixes = [prefix for prefix in prefixes if prefix == "" or prefix.endswith(".")]
    if not prefixes or options.encoder not in ("auto", _NAME):
        return None
    for option, default in (("stem", "auto"), ("mean", None), ("std", None)):
        value = getattr(options, option)
        if value != default:
            raise ValueError(
                f"`{option}` must be left out for FaceNet, which has its own. "
                f"Received: {option}={value!r}"
            )
    prefix = choose_network(prefixes, options.prefix)
    names = {own[len(prefix) :]: own for own in checkpoint.arrays if own.startswith(prefix)}
    layers = [
        name.removesuffix(".weight")
        for name in names
        if name.endswith(".weight") and _is_encoder_layer(name.removesuffix(".weight"))
    ]
    arrays = layer_arrays(checkpoint.arrays, names, layers)
    channels, *_ = checkpoint.arrays[names[_FIRST]].shape or (_FIRST_CHANNELS,)
    return FoundNetwork(
        Architecture(_NAME, options.width or channels / _FIRST_CHANNELS),
        _IMAGE_SIZE,
        {_layer_name(layer): parts for layer, parts in arrays.items()},
        {_layer_name(layer): prefix + layer for layer in layers},
        prefix,
        left_out(checkpoint.arrays, names, _is_encoder_layer),
    )


def _layer_name(name: str) -> str:
    return name.replace(".", "_")


def _is_encoder_layer(name: str) -> bool:
    """Whether the network has a layer of this name before its classifier, `logits`."""
    return bool(re.match(r"(conv2d_\d[a-z]|repeat_\d\.\d|mixed_\d[a-z]|block8)\.|last_", name))
