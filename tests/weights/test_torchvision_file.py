import importlib.util
import subprocess
import sys

import numpy as np
import pytest
from safetensors import safe_open

from simclr_tf.encoders import build_encoder
from simclr_tf.weights import (
    ImportOptions,
    import_encoder,
    torchvision_arrays,
    write_torchvision,
)


def randomised(encoder):
    generator = np.random.default_rng(0)
    for variable in encoder.variables:
        noise = generator.uniform(0, 0.3, variable.shape).astype("float32")
        variable.assign(variable.numpy() + noise)
    return encoder


@pytest.mark.parametrize("name", ["resnet10", "resnet18", "resnet50", "wide_resnet50_2"])
@pytest.mark.parametrize("stem", ["cifar", "strided", "imagenet"])
def test_there_and_back_gives_the_same_encoder(tmp_path, images, name, stem):
    encoder = randomised(
        build_encoder(
            name, image_size=16, width=0.125, stem=stem, mean=(0.1, 0.2, 0.3), std=(1, 0.5, 0.25)
        )
    )
    write_torchvision(encoder, tmp_path / "encoder.safetensors")
    again, report = import_encoder(tmp_path / "encoder.safetensors", ImportOptions(image_size=16))
    # Also the scaling, which the file tells.
    np.testing.assert_array_equal(again(images), encoder(images))
    assert set(report.left_out) == {"*.num_batches_tracked"}


def test_the_file_says_what_it_is(tmp_path):
    encoder = build_encoder("resnet10", image_size=16, width=0.125)
    write_torchvision(encoder, tmp_path / "encoder.safetensors")
    with safe_open(tmp_path / "encoder.safetensors", framework="numpy") as file:
        assert file.metadata() == {
            "format": "pt",
            "architecture": "resnet10",
            "image_size": "16",
            "mean": "0.485,0.456,0.406",
            "std": "0.229,0.224,0.225",
        }
        assert file.get_slice("layer2.0.downsample.0.weight").get_shape() == [16, 8, 1, 1]


def test_another_network_is_refused():
    with pytest.raises(ValueError, match="`encoder` must be one of: resnet10.*'squeezenet'"):
        torchvision_arrays(build_encoder("squeezenet", image_size=32, width=0.25))


def test_group_normalisation_is_refused():
    encoder = build_encoder("resnet10", image_size=16, width=0.125, normalization="group")
    with pytest.raises(ValueError, match="must have batch normalisation.*'resnet10' with group"):
        torchvision_arrays(encoder)


# Beside TensorFlow, importing torchvision may abort the process: both bring a compiler of theirs.
IN_PYTORCH = """
import numpy, torch, torchvision
from safetensors.torch import load_file
network = torchvision.models.resnet18()
network.fc = torch.nn.Identity()
network.load_state_dict(load_file("encoder.safetensors"))
with torch.no_grad():
    features = network.eval()(torch.from_numpy(numpy.load("pictures.npy")))
numpy.save("features.npy", features.numpy())
"""


def test_torchvisions_class_loads_it_and_gives_the_same_features(tmp_path):
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    encoder = randomised(build_encoder("resnet18", image_size=65))
    write_torchvision(encoder, tmp_path / "encoder.safetensors")
    pictures = np.random.default_rng(0).integers(0, 256, (2, 65, 65, 3)).astype(np.uint8)
    scaled = (pictures / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.save(tmp_path / "pictures.npy", scaled.astype(np.float32).transpose(0, 3, 1, 2))
    subprocess.run([sys.executable, "-c", IN_PYTORCH], cwd=tmp_path, check=True, timeout=300)
    expected = np.load(tmp_path / "features.npy")
    limit = 1e-4 * np.abs(expected).max()
    np.testing.assert_allclose(encoder(pictures), expected, rtol=1e-4, atol=limit)
