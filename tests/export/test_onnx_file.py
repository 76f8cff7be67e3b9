import importlib.util
import json

import numpy as np
import pytest

from simclr_tf.evaluation import extract_features
from simclr_tf.export import ExportSettings, export_encoder, onnx_file
from simclr_tf.export.model_card import model_card
from simclr_tf.export.onnx_file import run_onnx, write_onnx
from simclr_tf.similarity import l2_normalize
from tests.export.conftest import SIZE, pictures

MISSING = [
    name for name in ("onnx", "onnxruntime", "tf2onnx") if importlib.util.find_spec(name) is None
]
with_onnx = pytest.mark.skipif(
    bool(MISSING), reason=f'{", ".join(MISSING)} is missing: pip install "simclr_tf[onnx]"'
)
SETTINGS = ExportSettings(image_size=SIZE, onnx=True)


@pytest.fixture(scope="module")
def written(tmp_path_factory, encoder, head):
    folder = tmp_path_factory.mktemp("onnx")
    row = write_onnx(folder, encoder, SETTINGS, head, pictures(6))
    return (folder / "encoder.onnx").read_bytes(), row


@with_onnx
@pytest.mark.parametrize("count", [2, 5])
def test_the_file_gives_what_the_encoder_gives_for_any_batch_size(written, encoder, head, count):
    images = pictures(count, seed=3)
    found = run_onnx(written[0], images)
    features = extract_features(encoder, images)
    np.testing.assert_allclose(found["embedding"], l2_normalize(features), atol=1e-5)
    logits = (features.astype(np.float64) - head.mean) / head.scale @ head.weights + head.bias
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-4)


@with_onnx
def test_the_inputs_and_outputs_are_named_as_those_of_serving_default(written):
    import onnxruntime

    session = onnxruntime.InferenceSession(written[0], providers=["CPUExecutionProvider"])
    (place,) = session.get_inputs()
    assert (place.name, place.type) == ("pictures", "tensor(uint8)")
    assert place.shape[1:] == [SIZE, SIZE, 3] and not isinstance(place.shape[0], int)
    assert {output.name for output in session.get_outputs()} == {"embedding", "probabilities"}


@with_onnx
def test_the_card_tells_how_near_the_file_came(written, exported):
    content, row = written
    assert row["bytes"] == len(content) and row["pictures"] == 6
    assert 0 <= row["largest_difference"]["embedding"] < 1e-5
    metadata = json.loads((exported.path / "metadata.json").read_text())
    card = model_card({**metadata, "onnx": row})
    assert f"| `encoder.onnx` | {len(content) / 1e6:.2f} | `embedding` |" in card
    assert "ONNX" not in model_card(metadata)


@with_onnx
@pytest.mark.parametrize("wrong", [1e-3, np.nan])
def test_a_file_unlike_the_original_is_not_kept(tmp_path, encoder, monkeypatch, wrong):
    images = pictures(2)
    embeddings = l2_normalize(extract_features(encoder, images)) + np.float32(wrong)
    monkeypatch.setattr(onnx_file, "_convert", lambda *_: b"")
    monkeypatch.setattr(onnx_file, "run_onnx", lambda *_: {"embedding": embeddings})
    with pytest.raises(ValueError, match="`onnx` must give what the encoder gives: `embedding` di"):
        write_onnx(tmp_path, encoder, SETTINGS, None, images)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_told_before_anything_is_written(tmp_path, encoder, monkeypatch):
    monkeypatch.setattr(onnx_file, "_PACKAGES", ("onnx_that_is_nowhere",))
    with pytest.raises(ValueError, match=r"extra \"onnx\": pip install .*without onnx_that_is_now"):
        export_encoder(encoder, tmp_path / "model", SETTINGS)
    assert list(tmp_path.iterdir()) == []
