"""Writes golden/facenet.npz: what facenet-pytorch's network gives with random weights.

Weights, statistics and pictures are drawn again by the test (`random_weights`), so that the file
holds outputs alone: the embedding, and of each part of the network some numbers. Made with
facenet-pytorch 2.6.0 and torch 2.15.0, in an environment of its own; without its dependencies,
which ask for an older torch:

    python3 -m venv golden_venv
    golden_venv/bin/pip install torch torchvision requests pillow tqdm
    golden_venv/bin/pip install --no-deps facenet-pytorch
    PYTHONPATH=. golden_venv/bin/python tests/parity/make_facenet_golden.py

Arrays: `embedding` float32 `[2, 512]`; `outputs/PART` float32 `[2, 64]`, see `sampled`; `state`,
the names and shapes of its arrays.
"""

import pathlib

import numpy as np
import torch
from facenet_pytorch import InceptionResnetV1, fixed_image_standardization

from tests.parity.random_weights import described, random_pictures, random_state, sampled

GOLDEN = pathlib.Path(__file__).parent / "golden" / "facenet.npz"
SIZE = 160
# Their outputs are those of their parts.
REPEATS = ("repeat_1", "repeat_2", "repeat_3")
WITHOUT_OUTPUT = ("dropout", *REPEATS)


def parts_of(network):
    """The parts of the network, one after the other, by name."""
    parts = dict(network.named_children())
    for repeat in REPEATS:
        parts |= {f"{repeat}.{name}": part for name, part in parts[repeat].named_children()}
    return {name: part for name, part in parts.items() if name not in WITHOUT_OUTPUT}


def main():
    network = InceptionResnetV1().eval()
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    state = {key: torch.from_numpy(value) for key, value in random_state(shapes).items()}
    network.load_state_dict(state)
    arrays = {"state": np.array(described(shapes))}

    def keep(name):
        def hook(module, inputs, output):
            # Channels last, as TensorFlow has them.
            output = output.movedim(1, -1).numpy()
            arrays[f"outputs/{name}"] = sampled(name, output)

        return hook

    for name, part in parts_of(network).items():
        part.register_forward_hook(keep(name))
    pictures = torch.from_numpy(random_pictures(SIZE).astype(np.float32)).permute(0, 3, 1, 2)
    with torch.no_grad():
        arrays["embedding"] = network(fixed_image_standardization(pictures)).numpy()
    np.savez_compressed(GOLDEN, **arrays)


if __name__ == "__main__":
    main()
