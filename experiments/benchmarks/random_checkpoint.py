"""A checkpoint of a ResNet-50 with random weights, under torchvision's names."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import numpy as np
from safetensors.numpy import save_file

from experiments.benchmarks.worker import ROOT

_BLOCKS = (3, 4, 6, 3)
_EXPANSION = 4
_CLASSES = 1000


def write_in_another_process(path: pathlib.Path, width: float) -> None:
    """Writes a checkpoint without a trace of it in the memory of this process.

    Args:
        path: a `.safetensors` file.
        width: multiplier of the channels; 1 makes 102 MB.
    """
    name = "experiments.benchmarks.random_checkpoint"
    command = [sys.executable, "-m", name, str(path), str(width)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)


def random_resnet50(width: float = 1.0, seed: int = 0) -> dict[str, np.ndarray]:
    """Returns the arrays of torchvision's `resnet50(...).state_dict()` with random values.

    Args:
        width: multiplier of the channels.
        seed: of the values.
    """
    generator = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {}

    def convolution(name: str, norm: str, channels: int, outputs: int, size: int) -> None:
        scale = np.float32(np.sqrt(2.0 / (channels * size**2)))
        shape = (outputs, channels, size, size)
        arrays[f"{name}.weight"] = scale * generator.standard_normal(shape, np.float32)
        for part in ("weight", "running_var"):
            arrays[f"{norm}.{part}"] = generator.uniform(0.5, 1.5, outputs).astype(np.float32)
        for part in ("bias", "running_mean"):
            arrays[f"{norm}.{part}"] = generator.standard_normal(outputs, np.float32)
        arrays[f"{norm}.num_batches_tracked"] = np.zeros((), np.int64)

    channels = round(64 * width)
    convolution("conv1", "bn1", 3, channels, 7)
    for stage, blocks in enumerate(_BLOCKS):
        inner = round(64 * width) << stage
        outputs = _EXPANSION * inner
        for block in range(blocks):
            name = f"layer{stage + 1}.{block}"
            convolution(f"{name}.conv1", f"{name}.bn1", channels, inner, 1)
            convolution(f"{name}.conv2", f"{name}.bn2", inner, inner, 3)
            convolution(f"{name}.conv3", f"{name}.bn3", inner, outputs, 1)
            if block == 0:
                convolution(f"{name}.downsample.0", f"{name}.downsample.1", channels, outputs, 1)
            channels = outputs
    arrays["fc.weight"] = generator.standard_normal((_CLASSES, channels), np.float32)
    arrays["fc.bias"] = generator.standard_normal(_CLASSES, np.float32)
    return arrays


if __name__ == "__main__":
    save_file(random_resnet50(float(sys.argv[2])), sys.argv[1])
