import io
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from simclr_tf.encoders import FrozenOptions, build_encoder, encoder_source
from simclr_tf.evaluation import extract_features
from simclr_tf.export import ExportSettings, SamplePictures, export_encoder, saved_model_check
from simclr_tf.similarity import l2_normalize
from tests.export.conftest import NAMES, SIZE, pictures, small_encoder

# A program in which neither this package nor Keras can be imported.
WITHOUT_KERAS = """
import runpy, sys
# To import one of these is an error then.
sys.modules.update(dict.fromkeys(["simclr_tf", "keras", "tf_keras"]))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def png(picture):
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG")
    return content.getvalue()


def embeddings(encoder, images):
    return l2_normalize(extract_features(encoder, images))


@pytest.fixture(scope="module")
def signatures(exported):
    return tf.saved_model.load(os.fspath(exported.path)).signatures


def inputs(name, images):
    if name == "image_bytes":
        return {"image_bytes": tf.constant([png(image) for image in images])}
    return {"pictures": tf.cast(images, tf.uint8 if name == "serving_default" else tf.float32)}


every_signature = pytest.mark.parametrize("name", ["serving_default", "image_bytes", "float_image"])


@every_signature
@pytest.mark.parametrize("count", [1, 5])
def test_embeddings_are_those_of_the_encoder_for_any_batch_size(signatures, encoder, name, count):
    images = pictures(count, seed=3)
    found = signatures[name](**inputs(name, images))["embedding"]
    np.testing.assert_allclose(found, embeddings(encoder, images), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)


@every_signature
def test_probabilities_are_those_of_the_classifier(signatures, encoder, head, name):
    images = pictures(5, seed=3)
    features = extract_features(encoder, images).astype(np.float64)
    logits = (features - head.mean) / head.scale @ head.weights + head.bias
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = signatures[name](**inputs(name, images))["probabilities"]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_labels_have_their_names(signatures):
    names = signatures["label_names"]()["label_names"].numpy()
    assert [name.decode() for name in names] == list(NAMES)


@every_signature
def test_pictures_of_another_size_are_resized_as_in_training(signatures, encoder, name):
    from simclr_tf.data.decode import decode_content

    large = pictures(2, 2 * SIZE + 7, seed=5)
    squares = np.stack([decode_content(png(picture), SIZE) for picture in large])
    found = signatures[name](**inputs(name, large))["embedding"]
    # A pixel may be one level off.
    np.testing.assert_allclose(found, embeddings(encoder, squares), atol=2e-3)


def test_the_model_is_a_layer_of_keras(exported, encoder):
    images = pictures(3, seed=3)
    expected = embeddings(encoder, images)
    layer = keras.layers.TFSMLayer(os.fspath(exported.path))
    np.testing.assert_allclose(layer(tf.constant(images))["embedding"], expected, atol=1e-5)
    layer = keras.layers.TFSMLayer(os.fspath(exported.path), call_endpoint="image_bytes")
    found = layer(tf.constant([png(image) for image in images]))["embedding"]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_folder_is_an_encoder_to_search_with(exported, encoder):
    source = encoder_source(exported.path, FrozenOptions(output="embedding"))
    images = pictures(3, seed=3)
    np.testing.assert_allclose(source.load()(images), embeddings(encoder, images), atol=1e-5)


def test_the_request_form_of_tensorflow_serving_names_every_input_and_output(exported):
    from tensorflow.core.protobuf import saved_model_pb2

    content = (exported.path / "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0]
    assert list(graph.meta_info_def.tags) == ["serve"]
    forms = {}
    for name in ("serving_default", "image_bytes", "float_image"):
        signature = graph.signature_def[name]
        assert signature.method_name == "tensorflow/serving/predict"
        assert set(signature.outputs) == {"embedding", "probabilities"}
        ((key, tensor),) = signature.inputs.items()
        forms[name] = key, tf.dtypes.as_dtype(tensor.dtype).name
        # The batch is free.
        assert tensor.tensor_shape.dim[0].size == -1
    assert forms == {
        "serving_default": ("pictures", "uint8"),
        "image_bytes": ("image_bytes", "string"),
        "float_image": ("pictures", "float32"),
    }


def test_the_loading_example_runs_without_keras_and_without_this_package(exported, tmp_path):
    for number, picture in enumerate(pictures(2, 40)):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    example = os.fspath(exported.path / "load_example.py")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_KERAS, example, "0.png", "1.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "embeddings: (2, 64)" in done.stdout
    assert "[1. " in done.stdout
    assert done.stdout.count(".png: ") == 2


def test_the_card_and_the_metadata_tell_what_the_model_is(exported):
    metadata = json.loads((exported.path / "metadata.json").read_text())
    assert metadata["outputs"]["embedding"]["dimension"] == 64
    assert metadata["outputs"]["probabilities"]["dimension"] == 3
    assert metadata["label_names"] == list(NAMES)
    assert metadata["image_size"] == SIZE
    card = (exported.path / "MODEL_CARD.md").read_text()
    example = (exported.path / "load_example.py").read_text()
    for text in (example, "16 × 16 pixels", "`fingerprint` | f00d", "CC0", "gradients"):
        assert text in card


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_an_encoder_of_half_precision_is_exported_as_it_was_trained(tmp_path, precision):
    encoder = small_encoder(precision)
    report = export_encoder(encoder, tmp_path / "model", ExportSettings(image_size=SIZE))
    assert report.metadata["precision"] == f"mixed_{precision}"
    images = pictures(3, seed=3)
    signatures = tf.saved_model.load(os.fspath(report.path)).signatures
    found = signatures["serving_default"](pictures=tf.constant(images))["embedding"]
    np.testing.assert_allclose(found, embeddings(encoder, images), atol=1e-5)


def test_half_precision_becomes_float32_where_asked(tmp_path):
    encoder = small_encoder("bfloat16")
    settings = ExportSettings(image_size=SIZE, precision="float32")
    report = export_encoder(encoder, tmp_path / "model", settings)
    assert report.metadata["precision"] == "float32"
    images = pictures(3, seed=3)
    signatures = tf.saved_model.load(os.fspath(report.path)).signatures
    found = signatures["serving_default"](pictures=tf.constant(images))["embedding"]
    # small_encoder has the same weights in every precision.
    np.testing.assert_allclose(found, embeddings(small_encoder(), images), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "resnet18", "width": 0.125, "stem": "imagenet"},
        {"name": "resnet50", "width": 0.125, "stem": "strided"},
        {"name": "squeezenet", "width": 0.25},
        {"name": "mobilenetv3_small", "width": 0.5},
    ],
    ids=lambda arguments: arguments["name"],
)
def test_every_network_can_be_exported(tmp_path, arguments):
    encoder = build_encoder(image_size=32, **arguments)
    report = export_encoder(encoder, tmp_path / "model", ExportSettings(image_size=32))
    assert report.metadata["encoder"] == arguments["name"]


def test_a_folder_that_exists_is_refused_and_unharmed(tmp_path, encoder):
    (tmp_path / "model").mkdir()
    (tmp_path / "model/mine").write_text("precious")
    with pytest.raises(ValueError, match="`output_dir` must not exist.*model"):
        export_encoder(encoder, tmp_path / "model", ExportSettings(image_size=SIZE))
    assert (tmp_path / "model/mine").read_text() == "precious"


def test_a_model_that_differs_from_its_encoder_is_not_kept(tmp_path, encoder, monkeypatch):
    def wrong(*arguments):
        return extract_features(*arguments) + 1e-3

    monkeypatch.setattr(saved_model_check, "extract_features", wrong)
    with pytest.raises(ValueError, match="`embedding` of the signature serving_default differs"):
        export_encoder(encoder, tmp_path / "model", ExportSettings(image_size=SIZE))
    assert list(tmp_path.iterdir()) == []


def test_another_size_than_the_encoders_is_refused(tmp_path, encoder):
    with pytest.raises(ValueError, match="`image_size` must be 16, .*Received: image_size=32"):
        export_encoder(encoder, tmp_path / "model", ExportSettings(image_size=32))


def test_a_single_sample_picture_is_refused(tmp_path, encoder):
    with pytest.raises(ValueError, match="`number of sample pictures` must be at least 2"):
        export_encoder(
            encoder,
            tmp_path / "model",
            ExportSettings(image_size=SIZE),
            samples=SamplePictures(pictures(1)),
        )
