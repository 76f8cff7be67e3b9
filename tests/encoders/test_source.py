import pytest

from simclr_tf.encoders import build_encoder, encoder_fingerprint
from simclr_tf.encoders.frozen.model_file import ModelFile
from simclr_tf.encoders.frozen.options import FrozenOptions
from simclr_tf.encoders.source import EncoderSource, TrainedEncoder, encoder_source


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    build_encoder("resnet10", image_size=8, width=0.125).save(folder / "encoder.keras")
    return folder


def test_a_run_folder_is_a_trained_encoder(run_folder):
    source = encoder_source(run_folder)
    assert isinstance(source, TrainedEncoder) and isinstance(source, EncoderSource)
    assert source.fingerprint() == encoder_fingerprint(run_folder)
    assert source.image_size() == 8
    assert source.description()["path"] == str(run_folder / "encoder.keras")
    assert source.load().output_shape == (None, 64)


def test_a_keras_file_scales_its_pictures_itself_unless_told_otherwise(run_folder):
    path = run_folder / "encoder.keras"
    assert isinstance(encoder_source(path), TrainedEncoder)
    told = encoder_source(path, FrozenOptions("zero_to_one"))
    assert isinstance(told, ModelFile)
    assert told.fingerprint() != encoder_source(path).fingerprint()


@pytest.mark.parametrize("name", ["model.tflite", "model/saved_model.pb"])
def test_a_model_of_somebody_else_is_known_by_its_name(tmp_path, name):
    (tmp_path / "model").mkdir()
    (tmp_path / name).write_bytes(b"")
    path = tmp_path / name.partition("/")[0]
    source = encoder_source(path, FrozenOptions("caffe"), resize_mode="pad")
    assert source == ModelFile(str(path), FrozenOptions("caffe"), "pad")


def test_options_for_the_encoder_of_a_run_are_refused(run_folder):
    with pytest.raises(
        ValueError, match="`frozen_scaling` and `frozen_output` are for model files"
    ):
        encoder_source(run_folder, FrozenOptions("caffe"))


def test_what_is_not_there_goes_by_the_name_of_its_flag(tmp_path):
    with pytest.raises(ValueError, match="`weights` must be a .keras file.* which does not exist"):
        encoder_source(tmp_path / "none", name="weights")
    with pytest.raises(ValueError, match="`encoder_dir` must be a .keras file.* which has none"):
        encoder_source(tmp_path)
