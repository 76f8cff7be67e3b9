"""Imported ResNets against google-research/simclr's own; see make_simclr_golden.py."""

import ast
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.weights import ImportOptions, import_encoder
from tests.parity.random_weights import SIZES, random_pictures, random_state

GOLDEN = np.load(pathlib.Path(__file__).parent / "golden" / "simclr.npz")
STEMS = {"imagenet": "imagenet_same", "cifar": "cifar"}

pytestmark = pytest.mark.slow


def saved_model(folder, case):
    """A SavedModel folder with that code's own record of its variables, drawn at random."""
    lines = [line.split(" ", 2) for line in str(GOLDEN[f"{case}/variables"]).splitlines()]
    state = random_state({name: tuple(ast.literal_eval(shape)) for _, name, shape in lines})
    record = tf.constant(GOLDEN[f"{case}/graph"].tobytes())
    (folder / "variables").mkdir()
    tf.raw_ops.SaveV2(
        prefix=str(folder / "variables" / "variables"),
        tensor_names=["_CHECKPOINTABLE_OBJECT_GRAPH", *(key for key, _, _ in lines)],
        shape_and_slices=[""] * (1 + len(lines)),
        tensors=[record, *(tf.constant(state[name]) for _, name, _ in lines)],
    )
    return folder


@pytest.mark.parametrize("case", STEMS)
def test_an_imported_network_gives_the_features_of_that_code(tmp_path, case):
    size = SIZES[case]
    encoder, report = import_encoder(saved_model(tmp_path, case), ImportOptions(image_size=size))
    assert report.architecture.stem == STEMS[case]
    found = encoder(random_pictures(size), training=False)
    np.testing.assert_allclose(found, GOLDEN[f"{case}/features"], rtol=1e-4, atol=1e-4)
    assert report.left_out == {}


def test_selective_kernels_are_refused(tmp_path):
    with pytest.raises(ValueError, match="without selective kernels, .*: one with selective ker"):
        import_encoder(saved_model(tmp_path, "selective"))
