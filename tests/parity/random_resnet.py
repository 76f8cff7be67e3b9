"""Weights and pictures that PyTorch and this package draw alike, from NumPy's generators."""

import zlib

import numpy as np

NETWORKS = ("resnet18", "resnet34", "resnet50", "wide_resnet50_2")
# Odd sizes, so that padding one side instead of both shows at every stride.
SIZES = {"cifar": 25, "imagenet": 67}
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def random_state(shapes):
    """Draws arrays by torchvision's names; each depends on its name alone, not on the order."""
    return {name: _draw(name, shape) for name, shape in shapes.items()}


def _draw(name, shape):
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith("num_batches_tracked"):
        return np.array(7, np.int64)
    if len(shape) == 4:
        values = generator.normal(size=shape) / np.sqrt(np.prod(shape[1:]))
    elif name.endswith(("running_var", "weight")):
        values = generator.uniform(0.5, 1.5, shape)
    else:
        values = generator.normal(0, 0.2, shape)
    return values.astype(np.float32)


def random_pictures(stem):
    """Two pictures, uint8 `[2, size, size, 3]`."""
    size = SIZES[stem]
    return np.random.default_rng(size).integers(0, 256, (2, size, size, 3)).astype(np.uint8)


def described(shapes):
    """One text of the names and shapes of a state."""
    return "\n".join(f"{name} {tuple(shape)}" for name, shape in sorted(shapes.items()))
