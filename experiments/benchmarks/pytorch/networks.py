"""The same networks as ours in PyTorch, from torchvision's blocks and lightly's head."""

from __future__ import annotations

import torch
from lightly.models.modules import SimCLRProjectionHead
from torch import nn
from torchvision.models.resnet import BasicBlock

_BLOCKS = {"resnet10": (1, 1, 1, 1), "resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3)}
PROJECTION_SIZE = 128


def build_backbone(name: str, width: float, image_size: int) -> nn.Sequential:
    """Returns a ResNet from `[batch, 3, height, width]` to features `[batch, d]`.

    Args:
        name: resnet10, resnet18 or resnet34.
        width: multiplier of its channels.
        image_size: decides the stem as our `build_encoder` does.
    """
    channels = [max(8, round(64 * 2**stage * width)) for stage in range(4)]
    layers: list[nn.Module] = [*_stem(channels[0], image_size)]
    inward = channels[0]
    for stage, repeats in enumerate(_BLOCKS[name]):
        for number in range(repeats):
            stride = 2 if stage > 0 and number == 0 else 1
            layers.append(_block(inward, channels[stage], stride))
            inward = channels[stage]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


class SimCLR(nn.Module):
    """Backbone and projection head, as lightly's documentation has them.

    Args:
        name: see `build_backbone`, as for the next two.
        width: multiplier of the channels.
        image_size: of the pictures.
    """

    def __init__(self, name: str, width: float, image_size: int) -> None:
        super().__init__()
        self.backbone = build_backbone(name, width, image_size)
        features = max(8, round(512 * width))
        self.projection_head = SimCLRProjectionHead(features, features, PROJECTION_SIZE)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Returns projections `[batch, PROJECTION_SIZE]`."""
        return self.projection_head(self.backbone(images))


def _stem(channels: int, image_size: int) -> list[nn.Module]:
    if image_size <= 64:
        convolution = nn.Conv2d(3, channels, 3, padding=1, bias=False)
        return [convolution, nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
    convolution = nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False)
    pool = nn.MaxPool2d(3, stride=2, padding=1)
    return [convolution, nn.BatchNorm2d(channels), nn.ReLU(inplace=True), pool]


def _block(inward: int, outward: int, stride: int) -> BasicBlock:
    shortcut = None
    if stride != 1 or inward != outward:
        shortcut = nn.Sequential(
            nn.Conv2d(inward, outward, 1, stride=stride, bias=False), nn.BatchNorm2d(outward)
        )
    return BasicBlock(inward, outward, stride, shortcut)
