"""Weights and pictures that others and this package draw alike, from NumPy's generators."""

import zlib

import numpy as np

NETWORKS = ("resnet18", "resnet34", "resnet50", "wide_resnet50_2")
# Odd sizes, so that padding one side instead of both shows at every stride.
SIZES = {"cifar": 25, "imagenet": 67}
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def random_state(shapes):
    """Draws arrays by PyTorch's names; each depends on its name alone, not on the order."""
    return {name: _draw(name, shape) for name, shape in shapes.items()}


def _draw(name, shape):
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith("num_batches_tracked"):
        return np.array(7, np.int64)
    if len(shape) > 1:
        # TensorFlow has the filters of a kernel last, PyTorch first.
        inputs = shape[:-1] if name.endswith("kernel") else shape[1:]
        values = generator.normal(size=shape) / np.sqrt(np.prod(inputs))
    elif name.endswith(("running_var", "weight", "moving_variance", "gamma")):
        values = generator.uniform(0.5, 1.5, shape)
    else:
        values = generator.normal(0, 0.2, shape)
    return values.astype(np.float32)


def random_pictures(size):
    """Two pictures, uint8 `[2, size, size, 3]`."""
    return np.random.default_rng(size).integers(0, 256, (2, size, size, 3)).astype(np.uint8)


def described(shapes):
    """One text of the names and shapes of a state."""
    return "\n".join(f"{name} {tuple(shape)}" for name, shape in sorted(shapes.items()))


def sampled(name, outputs, count=64):
    """Some numbers of each row, at places drawn by the name.

    `outputs` are `[batch, ...]`, channels last; the result is `[batch, count]`.
    """
    rows = np.reshape(outputs, (len(outputs), -1))
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    return rows[:, generator.integers(0, rows.shape[1], count)]
