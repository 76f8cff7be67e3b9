"""Writes golden/torchvision.npz: features of torchvision's ResNets with random weights.

Weights, statistics and pictures are drawn again by the test (`random_weights`), so that the file
holds outputs alone. The CIFAR stem is torchvision's network with `conv1` 3×3 at stride 1 and
without its pool, as every SimCLR code for CIFAR has it. Made with torch 2.15.0 and torchvision
0.29.2, in an environment of its own:

    python3 -m venv golden_venv
    golden_venv/bin/pip install torch torchvision
    PYTHONPATH=. golden_venv/bin/python tests/parity/make_torchvision_golden.py

Arrays: `NETWORK/STEM` float32 `[2, d]`; `NETWORK/names`, SHA-256 of the names and shapes of its
state without the classifier.
"""

import hashlib
import pathlib

import numpy as np
import torch
import torchvision

from tests.parity.random_weights import (
    MEAN,
    NETWORKS,
    SIZES,
    STD,
    described,
    random_pictures,
    random_state,
)

GOLDEN = pathlib.Path(__file__).parent / "golden" / "torchvision.npz"


def build(name, stem):
    network = getattr(torchvision.models, name)()
    network.fc = torch.nn.Identity()
    if stem == "cifar":
        network.conv1 = torch.nn.Conv2d(3, 64, 3, stride=1, padding=1, bias=False)
        network.maxpool = torch.nn.Identity()
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    state = {key: torch.from_numpy(value) for key, value in random_state(shapes).items()}
    network.load_state_dict(state)
    return network.eval(), shapes


def main():
    arrays = {}
    for name in NETWORKS:
        for stem in ("cifar", "imagenet"):
            network, shapes = build(name, stem)
            scaled = (random_pictures(SIZES[stem]) / 255 - MEAN) / STD
            pictures = torch.from_numpy(scaled.astype(np.float32)).permute(0, 3, 1, 2)
            with torch.no_grad():
                arrays[f"{name}/{stem}"] = network(pictures).numpy()
        digest = hashlib.sha256(described(shapes).encode()).hexdigest()
        arrays[f"{name}/names"] = np.array(digest)
    np.savez_compressed(GOLDEN, **arrays)


if __name__ == "__main__":
    main()
