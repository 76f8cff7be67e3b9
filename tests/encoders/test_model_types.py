import pytest

from simclr_tf.encoders.built_encoder import BuiltEncoder
from simclr_tf.encoders.frozen.options import FrozenOptions
from simclr_tf.encoders.model_types import MODEL_TYPES, encoder_of_type
from simclr_tf.encoders.pixels import Pixels
from simclr_tf.encoders.source import TrainedEncoder


@pytest.fixture
def files(tmp_path):
    for name in ("face.tflite", "weights.h5", "encoder.keras"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


@pytest.mark.parametrize("model_type", [name for name in MODEL_TYPES if name != "pixels"])
def test_what_is_missing_is_named(model_type):
    message = f"`weights` must be given for model_type {model_type}: .+ Received: weights=None"
    with pytest.raises(ValueError, match=message):
        encoder_of_type(model_type)


def test_pixels_need_nothing():
    assert encoder_of_type("pixels") == Pixels()
    with pytest.raises(ValueError, match="`weights` must not be given for pixels"):
        encoder_of_type("pixels", "weights.h5")


@pytest.mark.parametrize("model_type", ["simclr", "supcon-tuned"])
def test_trained_encoders_are_those_of_a_run(files, model_type):
    assert encoder_of_type(model_type, str(files)) == TrainedEncoder(str(files))


def test_imagenet_is_a_network_with_weights(files):
    path = str(files / "weights.h5")
    assert encoder_of_type("imagenet", path) == BuiltEncoder("squeezenet", path)
    downloaded = encoder_of_type("imagenet", "imagenet", network="mobilenetv3_small")
    assert downloaded == BuiltEncoder("mobilenetv3_small", "imagenet")


def test_a_face_model_gets_its_pictures_as_facenet_does_unless_told_otherwise(files):
    path = str(files / "face.tflite")
    assert encoder_of_type("facenet", path).float_scaling == "facenet"
    told = encoder_of_type("facenet", path, options=FrozenOptions("zero_to_one"))
    assert told.options.scaling == "zero_to_one"
    assert encoder_of_type("frozen", path).float_scaling == "auto"


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="`model_type` must be one of: simclr, supcon-tuned, "):
        encoder_of_type("vgg", "weights.h5")
