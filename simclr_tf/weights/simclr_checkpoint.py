"""A ResNet in a checkpoint or SavedModel of google-research/simclr."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence

from simclr_tf.encoders.resnet import RESNETS
from simclr_tf.weights.architecture import infer_architecture
from simclr_tf.weights.checkpoint import Checkpoint
from simclr_tf.weights.found_network import Architecture, FoundNetwork
from simclr_tf.weights.import_options import ImportOptions
from simclr_tf.weights.resnet_checkpoint import IMAGE_SIZES
from simclr_tf.weights.torchvision_names import torchvision_name

# Layers have Keras's numbers alone, counted in the order of the network.
_VARIABLE = re.compile(
    r"(?:.*/)?(?P<kind>conv2d|(?:sync_)?batch_normalization)(?:_(?P<number>\d+))?"
    r"/(?P<part>kernel|gamma|beta|moving_mean|moving_variance)"
)
_STATISTICS = ("gamma", "beta", "moving_mean", "moving_variance")
# Their normalisations are counted anew or after those of the network.
_HEAD = re.compile(r"(^|/)(\w*head\w*|n?l_\d+|linear_layer\w*)(/|$)")
_BLOCK = {"conv1": 1, "conv2": 3, "conv3": 1}


def find_simclr(checkpoint: Checkpoint, options: ImportOptions) -> FoundNetwork | None:
    """Returns the ResNet of google-research/simclr, version 1 or 2; `None` without one.

    Its layers are told by their order and shapes. Pictures are scaled to 0..1 there, and the pool
    of its stem pads the far side alone, which is our stem `"imagenet_same"`.

    Raises:
        ValueError: if it is none that can be built here, such as one with selective kernels.

    Reference:
        https://github.com/google-research/simclr/blob/be265c2/tf2/resnet.py
    """
    convolutions = [parts["kernel"] for parts in _layers(checkpoint.arrays, "conv2d")]
    normalisations = _layers(checkpoint.arrays, "batch_normalization")
    if not convolutions or not normalisations or options.encoder not in ("auto", *RESNETS):
        return None
    shapes = [checkpoint.arrays[name].shape for name in convolutions]
    layers = _layer_names(shapes)
    if len(normalisations) != len(layers):
        raise _another(f"{len(layers)} convolutions and {len(normalisations)} normalisations")
    architecture = _architecture(layers, shapes, options)
    arrays, names = {}, {}
    for layer, kernel, parts in zip(layers, convolutions, normalisations, strict=True):
        arrays[layer] = [checkpoint.arrays[kernel]]
        names[layer] = kernel.removesuffix("/kernel")
        statistics = layer.replace("conv", "bn")
        arrays[statistics] = [
            checkpoint.arrays[parts[part]] for part in _STATISTICS if part in parts
        ]
        names[statistics] = next(iter(parts.values())).rpartition("/")[0]
    taken = {*convolutions, *(name for parts in normalisations for name in parts.values())}
    return FoundNetwork(
        architecture,
        IMAGE_SIZES[architecture.stem],
        arrays,
        names,
        os.path.commonprefix(list(names.values())).rpartition("/")[0],
        _left_out(name for name in checkpoint.arrays if name not in taken),
        _three(options.mean, 0.0),
        _three(options.std, 1.0),
    )


def _layers(names: Collection[str], kind: str) -> list[dict[str, str]]:
    """The variables of each layer of a kind, by their part, in the order of the network."""
    layers: dict[int, dict[str, str]] = {}
    for name in names:
        match = _VARIABLE.fullmatch(name)
        if match is None or not match["kind"].endswith(kind) or _HEAD.search(name):
            continue
        parts = layers.setdefault(int(match["number"] or 0), {})
        if match["part"] in parts:
            raise _another(f"two variables of one number, {parts[match['part']]} and {name}")
        parts[match["part"]] = name
    return [layers[number] for number in sorted(layers)]


def _layer_names(shapes: Sequence[tuple[int, ...]]) -> list[str]:
    """Returns our names of a bottleneck network's convolutions, told by their shapes.

    Args:
        shapes: `[height, width, in, out]` of each kernel. The first block of every stage has
            its shortcut's 1×1 before its own, which takes the same channels.
    """
    if any(len(shape) != 4 for shape in shapes):
        raise _another("a kernel that is not [height, width, in, out]")
    layers = ["conv1"]
    stage = number = 0
    while len(layers) < len(shapes):
        ahead = shapes[len(layers) : len(layers) + 2]
        if len(ahead) == 2 and ahead[0][:3] == ahead[1][:3] == (1, 1, ahead[0][2]):
            stage, number = stage + 1, 0
            layers.append(f"layer{stage}_0_downsample_conv")
        ahead = shapes[len(layers) : len(layers) + 3]
        if [shape[0] for shape in ahead] != list(_BLOCK.values()):
            raise _another(_description(shapes))
        if ahead[1][3] == 2 * ahead[0][3]:
            raise _another("one with selective kernels (sk1)")
        layers += [f"layer{stage}_{number}_{name}" for name in _BLOCK]
        number += 1
    return layers


def _description(shapes: Sequence[tuple[int, ...]]) -> str:
    # ResNet-D, three small convolutions in the stem, comes with selective kernels only.
    if len(shapes) > 2 and all(shape[0] == 3 for shape in shapes[:3]):
        return "one with selective kernels (sk1)"
    return f"{len(shapes)} convolutions, of which not all are in bottleneck blocks"


def _architecture(
    layers: Sequence[str], shapes: Sequence[tuple[int, ...]], options: ImportOptions
) -> Architecture:
    held = infer_architecture(
        {
            # [height, width, in, out] to torchvision's [out, in, height, width].
            f"{torchvision_name(layer)}.weight": (*shape[:1:-1], *shape[:2])
            for layer, shape in zip(layers, shapes, strict=True)
        }
    )
    stem = "imagenet_same" if held.stem == "imagenet" else held.stem
    return Architecture(
        held.name if options.encoder == "auto" else options.encoder,
        options.width or held.width,
        stem if options.stem == "auto" else options.stem,
    )


def _left_out(names: Iterable[str]) -> dict[str, str]:
    reasons = {}
    for name in names:
        if name.endswith("/Momentum"):
            reasons["*/Momentum"] = "state of the optimizer"
        elif _HEAD.search(name):
            reasons[name] = "after the features: a classifier or projection head"
        else:
            reasons[name] = "outside the network"
    return reasons


def _three(given: Sequence[float] | None, default: float) -> tuple[float, ...]:
    return 3 * (default,) if given is None else tuple(map(float, given))


def _another(description: str) -> ValueError:
    return ValueError(
        "`weights` of google-research/simclr must be of a ResNet-50 without selective kernels, of "
        f"any width. Received: {description}"
    )
