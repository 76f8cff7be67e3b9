"""export.py from the command line to a model that runs."""

import json
import os

import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.encoders import load_encoder
from simclr_tf.evaluation import extract_features
from simclr_tf.similarity import l2_normalize
from tests.experiments.conftest import run_script, succeeded

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def printed(workplace, pretrained, once):
    """What probing and exporting the pretrained encoder printed; the model is in `exported`."""
    data = ("--encoder_dir=runs/mine", "--data_dir=pictures")
    arguments = (
        *data,
        "--classifier=exported_probe/linear_probe.npz",
        "--output_dir=exported",
        "--tflite=float16",
        "--licence=CC0",
    )

    def export():
        succeeded(workplace, "linear_probe", *data, "--output_dir=exported_probe")
        return succeeded(workplace, "export", *arguments)

    return once("exported", export)


def test_the_model_gives_embeddings_and_probabilities(workplace, printed):
    signatures = tf.saved_model.load(os.fspath(workplace / "exported")).signatures
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3)).astype(np.uint8)
    outputs = signatures["serving_default"](pictures=tf.constant(images))
    expected = l2_normalize(extract_features(load_encoder(workplace / "runs/mine"), images))
    np.testing.assert_allclose(outputs["embedding"], expected, atol=1e-5)
    assert outputs["probabilities"].shape == (3, 3)


def test_the_card_tells_of_the_run(workplace, printed):
    config = json.loads((workplace / "runs/mine/version_0/config.json").read_text())
    card = (workplace / "exported/MODEL_CARD.md").read_text()
    assert config["fingerprint"] in card
    assert "| `temperature` | 0.15 |" in card
    assert "pictures, training pictures" in card


def test_the_table_of_tensorflow_lite_is_printed(printed):
    assert "float16" in printed and "nearest of class" in printed
    assert "Exported: exported" in printed


def test_the_folder_is_not_written_twice(workplace, printed):
    refused = run_script(workplace, "export", "--encoder_dir=runs/mine", "--output_dir=exported")
    assert refused.returncode == 2
    assert "`output_dir` must not exist" in refused.stderr
