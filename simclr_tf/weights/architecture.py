"""Which ResNet a checkpoint holds, told by the shapes of its arrays."""

from __future__ import annotations

import re
from collections.abc import Mapping

from simclr_tf.encoders.resnet import RESNETS, STEMS, ResNetShape
from simclr_tf.weights.found_network import Architecture


def infer_architecture(shapes: Mapping[str, tuple[int, ...]]) -> Architecture:
    """Tells the architecture from the shapes of arrays under torchvision's names.

    A first convolution of 3×3 is taken for the `"cifar"` stem, without a pool.

    Raises:
        ValueError: if it is none that can be built here; the message says what it is.
    """
    blocks = tuple(
        len({m[1] for m in (re.match(rf"layer{stage}\.(\d+)\.", name) for name in shapes) if m})
        for stage in (1, 2, 3, 4)
    )
    channels, _, size, _ = _kernel_shape(shapes, "conv1")
    bottleneck = "layer1.0.conv3.weight" in shapes
    inner = 1
    if bottleneck:
        middle, seen, _, _ = _kernel_shape(shapes, "layer1.0.conv2")
        if middle != seen:
            raise ValueError(
                "`weights` must be of a ResNet without groups. Received: one with "
                f"{middle // seen} groups (ResNeXt)"
            )
        inner = middle // max(1, _kernel_shape(shapes, "layer1.0.conv3")[0] // 4)
    shape = ResNetShape(blocks, bottleneck, inner)  # type: ignore[arg-type]
    name = next((name for name, known in RESNETS.items() if known == shape), None)
    stem = next((stem for stem, (side, _) in STEMS.items() if side == size), None)
    if name is None or stem is None:
        kind = "bottleneck" if bottleneck else "basic"
        raise ValueError(
            f"`weights` must be of one of: {', '.join(RESNETS)}. Received: a ResNet with "
            f"{blocks} {kind} blocks, inner width {inner} and a first convolution of {size}×{size}"
        )
    return Architecture(name, channels / 64, stem)


def _kernel_shape(shapes: Mapping[str, tuple[int, ...]], layer: str) -> tuple[int, ...]:
    shape = tuple(shapes.get(f"{layer}.weight", ()))
    if len(shape) != 4 or 0 in shape:
        raise ValueError(
            f"`weights` must be of a ResNet: {layer}.weight must have the shape "
            f"[out, in, height, width]. Received: {shape}"
        )
    return shape
