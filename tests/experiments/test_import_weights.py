"""import_weights.py from a checkpoint to an encoder that other scripts take."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from simclr_tf.encoders import build_encoder, load_encoder
from simclr_tf.weights import torchvision_arrays
from tests.experiments.conftest import run_script, succeeded

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    source = build_encoder("resnet10", image_size=32, width=0.125, mean=(0, 0, 0), std=(1, 1, 1))
    source.save(folder / "source.keras")
    arrays = {f"backbone.{name}": value for name, value in torchvision_arrays(source).items()}
    arrays["head.weight"] = np.zeros((2, 64), np.float32)
    save_file(arrays, folder / "model.safetensors")
    (folder / "page.pth").write_text("<html>Sign in</html>")
    return folder


def test_the_encoder_and_a_report_are_written_and_printed(folder):
    arguments = ("--weights=model.safetensors", "--mean=0,0,0", "--std=1,1,1")
    printed = succeeded(folder, "import_weights", *arguments, "--output_dir=mine")
    assert "resnet10, width 0.125, cifar stem, pictures of 32 pixels" in printed
    assert "Mapped: 24 layers, backbone.conv1 -> conv1 to " in printed
    assert "Left out: head.weight (outside the network)" in printed
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    expected = load_encoder(folder / "source.keras")(images)
    np.testing.assert_array_equal(load_encoder(folder / "mine")(images), expected)
    report = json.loads((folder / "mine/import.json").read_text())
    assert report["mapped"]["layer1_0_bn2"] == "backbone.layer1.0.bn2"
    refused = run_script(folder, "import_weights", *arguments, "--output_dir=mine")
    assert refused.returncode == 2
    assert "`output_dir` must not hold an encoder already" in refused.stderr


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--weights=none.pth"], "`weights` must be a file that exists"),
        (["--weights=page.pth"], "which is a web page, not a checkpoint"),
        (["--weights=model.safetensors", "--mean=a"], "`mean` must be 3 numbers with commas"),
        (["--weights=model.safetensors", "--encoder=resnet50"], "the first layer that differs is"),
    ],
)
def test_a_mistake_is_answered_in_one_line_and_writes_nothing(folder, arguments, message):
    refused = run_script(folder, "import_weights", *arguments, "--output_dir=refused")
    assert refused.returncode == 2
    assert message in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not (folder / "refused").exists()
