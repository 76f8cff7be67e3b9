"""Imported ResNets against torchvision's; see make_torchvision_golden.py."""

import hashlib
import itertools
import pathlib

import numpy as np
import pytest
from safetensors.numpy import save_file

from simclr_tf.encoders import build_encoder
from simclr_tf.weights import ImportOptions, import_encoder, torchvision_arrays
from tests.parity.random_weights import (
    NETWORKS,
    SIZES,
    described,
    random_pictures,
    random_state,
)

GOLDEN = np.load(pathlib.Path(__file__).parent / "golden" / "torchvision.npz")
every_network = pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        *(pytest.param(name, marks=pytest.mark.slow) for name in NETWORKS if name != "resnet18"),
    ],
)


def shapes_of(name, stem):
    encoder = build_encoder(name, image_size=SIZES[stem], stem=stem)
    return {key: value.shape for key, value in torchvision_arrays(encoder).items()}


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("resnet18", "cifar"),
        ("resnet18", "imagenet"),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in itertools.product(NETWORKS, ("cifar", "imagenet"))
            # The wide one, slow to make, differs from the one of 50 layers in its width alone.
            if case[0] != "resnet18" and case != ("wide_resnet50_2", "cifar")
        ),
    ],
)
def test_an_imported_network_gives_the_features_of_torchvision(tmp_path, name, stem):
    state = random_state(shapes_of(name, stem))
    save_file(state, tmp_path / "model.safetensors")
    encoder, report = import_encoder(
        tmp_path / "model.safetensors", ImportOptions(image_size=SIZES[stem])
    )
    assert (report.architecture.name, report.architecture.stem) == (name, stem)
    found = encoder(random_pictures(SIZES[stem]), training=False)
    np.testing.assert_allclose(found, GOLDEN[f"{name}/{stem}"], rtol=1e-4, atol=1e-4)


@every_network
def test_names_and_shapes_of_an_export_are_those_of_torchvision(name):
    text = described(shapes_of(name, "imagenet"))
    assert hashlib.sha256(text.encode()).hexdigest() == str(GOLDEN[f"{name}/names"])
