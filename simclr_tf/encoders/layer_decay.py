"""Learning rates that fall from the head of a network to its stem."""

from __future__ import annotations

import re
from collections.abc import Sequence

import keras

from simclr_tf.checks import check_between, check_positive

# How the layers of one block are named, by architecture: ResNet, FaceNet, SqueezeNet,
# EfficientNetV2, ConvNeXt, MobileNetV3, whose first block has no number.
_BLOCK = re.compile(
    r"(layer\d+_\d+|repeat_\d_\d|mixed_\d[a-z]|block8|fire\d+|block\d+[a-z]"
    r"|convnext_tiny_stage_\d+_block_\d+|expanded_conv(_\d+)?)_"
)


def encoder_blocks(encoder: keras.Model) -> list[list[str]]:
    """Returns the names of the layers with weights, block by block from the stem on.

    Layers without a block of their own are one together where they follow one another: the stem,
    what comes after the last block, and ConvNeXt's steps down in resolution.

    Args:
        encoder: of `build_encoder` or `load_encoder`.

    Raises:
        ValueError: if no block of the network is known by its name.
    """
    blocks: list[list[str]] = []
    keys: list[str | None] = []
    for layer in encoder.layers:
        if not layer.weights:
            continue
        found = _BLOCK.match(layer.name)
        key = found.group(1) if found else None
        if not keys or key != keys[-1]:
            blocks.append([])
            keys.append(key)
        blocks[-1].append(layer.name)
    if not any(keys):
        raise ValueError(
            "`layer_decay` must be 1 for a network whose blocks are not known by their names. "
            f"Received: encoder={encoder.name!r}"
        )
    return blocks


def layer_decay_factors(
    encoder: keras.Model, decay: float, variables: Sequence[keras.Variable]
) -> list[float]:
    """Returns for each variable the share of the learning rate that it learns with.

    With d blocks the last has `decay`, the one before it `decay ** 2` and the stem `decay ** d`;
    variables outside the encoder, of heads, have 1.

    Args:
        encoder: see `encoder_blocks`.
        decay: greater than 0 and at most 1.
        variables: of the encoder and of what is trained with it.

    Raises:
        ValueError: if the decay is out of its range, or no block of the network is known.

    Reference:
        Clark et al. 2020, "ELECTRA", and for pictures Bao et al. 2021, "BEiT", appendix.
    """
    check_positive("layer_decay", decay)
    check_between("layer_decay", decay, 0, 1)
    factors: dict[int, float] = {}
    for depth, names in enumerate(reversed(encoder_blocks(encoder)), start=1):
        for name in names:
            for variable in encoder.get_layer(name).variables:
                factors[id(variable)] = decay**depth
    return [factors.get(id(variable), 1.0) for variable in variables]
