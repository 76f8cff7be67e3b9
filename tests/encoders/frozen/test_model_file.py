import dataclasses
import shutil

import keras
import numpy as np
import pytest

from simclr_tf.encoders.frozen.model_file import ModelFile, model_file_kind
from simclr_tf.encoders.frozen.options import FrozenOptions
from simclr_tf.evaluation import extract_features
from tests.encoders.frozen.conftest import HEIGHT, mean_colours


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory):
    pictures = keras.Input((8, 8, 3))
    model = keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(pictures))
    path = tmp_path_factory.mktemp("keras") / "other.keras"
    model.save(path)
    return path


def raw_pictures(number=5, size=HEIGHT):
    return np.random.default_rng(0).integers(0, 256, (number, size, size, 3), np.uint8)


def test_each_kind_of_file_is_told_from_the_others(plain_file, saved_model, keras_file, tmp_path):
    kinds = [model_file_kind(path) for path in (plain_file, saved_model, keras_file, tmp_path)]
    assert kinds == ["tflite", "saved_model", "keras", None]


def test_a_tflite_file_embeds_raw_pictures(plain_file):
    encoder = ModelFile(str(plain_file), FrozenOptions("zero_to_one")).load()
    pictures = raw_pictures()
    # 6 x 4 of the square's 6 x 6: the columns 1 to 4.
    expected = mean_colours(pictures[:, :, 1:5] / 255)
    np.testing.assert_allclose(extract_features(encoder, pictures, 2), expected, atol=1e-5)


def test_a_saved_model_embeds_raw_pictures(saved_model):
    encoder = ModelFile(str(saved_model), FrozenOptions("minus_one_to_one")).load()
    pictures = raw_pictures(size=9)
    expected = mean_colours(pictures / 127.5 - 1)
    np.testing.assert_allclose(extract_features(encoder, pictures, 2), expected, atol=1e-5)


def test_a_keras_file_embeds_pictures_that_are_scaled_for_it(keras_file):
    encoder = ModelFile(str(keras_file), FrozenOptions("zero_to_one")).load()
    pictures = raw_pictures(size=8)
    expected = (pictures / 255).mean(axis=(1, 2))
    np.testing.assert_allclose(extract_features(encoder, pictures, 2), expected, atol=1e-5)


def test_the_size_of_the_pictures_is_the_longer_side(plain_file, saved_model):
    assert ModelFile(str(plain_file)).image_size() == 6
    assert ModelFile(str(saved_model)).image_size() is None


@pytest.mark.parametrize("kind", ["plain_file", "saved_model", "keras_file"])
def test_copies_have_one_fingerprint_and_other_options_another(kind, request, tmp_path):
    source = request.getfixturevalue(kind)
    copy = tmp_path / f"copy{source.suffix}"
    (shutil.copytree if source.is_dir() else shutil.copy)(source, copy)
    one, other = ModelFile(str(source)), ModelFile(str(copy))
    assert one.fingerprint() == other.fingerprint()
    for options in (FrozenOptions("caffe"), FrozenOptions(output="logits")):
        assert dataclasses.replace(one, options=options).fingerprint() != one.fingerprint()


def test_other_weights_have_another_fingerprint(saved_model, plain_file, tmp_path):
    copy = shutil.copytree(saved_model, tmp_path / "model")
    before = ModelFile(str(copy)).fingerprint()
    weights = copy / "variables/variables.index"
    weights.write_bytes(weights.read_bytes() + b"x")
    assert ModelFile(str(copy)).fingerprint() != before
    changed = tmp_path / "changed.tflite"
    changed.write_bytes(plain_file.read_bytes() + b"x")
    assert ModelFile(str(changed)).fingerprint() != ModelFile(str(plain_file)).fingerprint()


def test_anything_else_is_refused(tmp_path):
    with pytest.raises(ValueError, match="A model file must be a .tflite file, a .keras file or a"):
        ModelFile(str(tmp_path))


def test_an_unknown_scaling_is_refused():
    with pytest.raises(
        ValueError, match="`frozen_scaling` must be one of: auto, none, zero_to_one"
    ):
        FrozenOptions("half")
