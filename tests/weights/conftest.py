import numpy as np
import pytest

from simclr_tf.encoders import build_encoder
from simclr_tf.weights import torchvision_arrays
from tests.parity.random_weights import random_state


@pytest.fixture(scope="session")
def state():
    """Random arrays of a narrow ResNet-18 with the CIFAR stem, by torchvision's names."""
    encoder = build_encoder("resnet18", image_size=16, width=0.125)
    shapes = {name: array.shape for name, array in torchvision_arrays(encoder).items()}
    return random_state(shapes)


@pytest.fixture(scope="session")
def images():
    return np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
