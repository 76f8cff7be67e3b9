"""The imported FaceNet against facenet-pytorch's; see make_facenet_golden.py."""

import ast
import pathlib

import keras
import numpy as np
import pytest
from safetensors.numpy import save_file

from simclr_tf.weights import import_encoder
from tests.parity.random_weights import random_pictures, random_state, sampled

GOLDEN = np.load(pathlib.Path(__file__).parent / "golden" / "facenet.npz")
PARTS = [key.removeprefix("outputs/") for key in GOLDEN.files if key.startswith("outputs/")]
SIZE = 160

pytestmark = pytest.mark.slow


def shapes():
    """The names and shapes of facenet-pytorch's arrays."""
    lines = (line.split(" ", 1) for line in str(GOLDEN["state"]).splitlines())
    return {name: ast.literal_eval(shape) for name, shape in lines}


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    file = tmp_path_factory.mktemp("facenet") / "model.safetensors"
    save_file(random_state(shapes()), file)
    return import_encoder(file)


@pytest.fixture(scope="module")
def outputs(imported):
    """What our layers give, by facenet-pytorch's parts."""
    encoder = imported[0]
    layers = {part: layer_of(encoder, part.replace(".", "_")) for part in PARTS}
    network = keras.Model(encoder.input, {part: layer.output for part, layer in layers.items()})
    return network(random_pictures(SIZE), training=False)


def layer_of(encoder, name):
    """The last of the layers that facenet-pytorch counts as one."""
    names = {layer.name for layer in encoder.layers}
    ends = (f"{name}{end}" for end in ("_relu", "_add", ""))
    return encoder.get_layer(next(end for end in ends if end in names))


@pytest.mark.parametrize("part", PARTS)
def test_every_part_gives_what_facenet_pytorch_gives(outputs, part):
    found = sampled(part, np.asarray(outputs[part]))
    limit = 1e-4 * np.abs(GOLDEN[f"outputs/{part}"]).max()
    np.testing.assert_allclose(found, GOLDEN[f"outputs/{part}"], rtol=1e-4, atol=limit)


def test_the_embedding_is_that_of_facenet_pytorch(imported):
    encoder, report = imported
    found = encoder(random_pictures(SIZE), training=False)
    np.testing.assert_allclose(found, GOLDEN["embedding"], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)
    assert report.image_size == SIZE


def test_nothing_is_left_out_but_the_counts_of_batches(imported):
    assert set(imported[1].left_out) == {"*.num_batches_tracked"}
