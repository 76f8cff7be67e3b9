"""Features of a frozen network."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch.fx.experimental.optimization import fuse

from experiments.benchmarks.pictures import random_pictures
from experiments.benchmarks.pytorch.networks import build_backbone


def embed(
    encoder: str, width: float, image_size: int, batch_size: int, fused: bool = True
) -> Callable[[int], float]:
    """Returns a task that gives pictures a second, from uint8 arrays to float32 arrays."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = build_backbone(encoder, width, image_size).eval()
    if fused:
        network = fuse(network)
    network = network.to(device, torch.bfloat16, memory_format=torch.channels_last)
    batch = random_pictures(batch_size, image_size)

    @torch.inference_mode()
    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            # The permuted view of pictures with their channels last is channels-last already.
            images = torch.from_numpy(batch).to(device).permute(0, 3, 1, 2)
            network(images.to(torch.bfloat16).div_(255)).float().cpu().numpy()
        return len(batch) * count / (time.perf_counter() - begin)

    return run
