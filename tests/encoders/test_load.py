import keras
import numpy as np
import pytest

from simclr_tf.encoders import build_encoder, find_encoder, load_encoder


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "any_name.keras"
    build_encoder("resnet10", image_size=8, width=0.125).save(path)
    return path


def put_encoder(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "encoder.keras").write_bytes(b"")
    return folder / "encoder.keras"


def test_a_model_file_is_itself(saved):
    assert find_encoder(saved) == saved
    assert find_encoder(str(saved)) == saved


def test_a_version_folder_means_its_encoder(tmp_path):
    expected = put_encoder(tmp_path / "version_0")
    assert find_encoder(tmp_path / "version_0") == expected


def test_a_run_folder_means_its_newest_version_that_has_an_encoder(tmp_path):
    put_encoder(tmp_path / "version_2")
    expected = put_encoder(tmp_path / "version_10")
    (tmp_path / "version_11").mkdir()
    assert find_encoder(tmp_path) == expected


def test_other_folders_beside_the_versions_are_passed_over(tmp_path):
    expected = put_encoder(tmp_path / "version_3")
    for name in ("version_4_old", "version_²", "aversion_5", "seedling_6"):
        put_encoder(tmp_path / name)
    assert find_encoder(tmp_path) == expected


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"`encoder_dir` must be a .keras file.*does not exist"):
        find_encoder(tmp_path / "nowhere")


def test_a_folder_without_an_encoder_is_named(tmp_path):
    (tmp_path / "version_0").mkdir()
    with pytest.raises(ValueError, match=rf"`encoder_dir` .*{tmp_path.name}.*which has none"):
        load_encoder(tmp_path)


def test_a_file_that_is_no_model_file_is_refused(tmp_path):
    (tmp_path / "encoder.txt").write_text("weights")
    with pytest.raises(ValueError, match="`encoder_dir` must be a .keras file.*has none"):
        find_encoder(tmp_path / "encoder.txt")


def test_a_loaded_encoder_gives_features_and_is_not_compiled(saved):
    encoder = load_encoder(saved)
    assert encoder.output_shape == (None, 64)
    assert not encoder.compiled


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_model_file_that_ends_early_is_refused(saved, tmp_path, share):
    content = saved.read_bytes()
    (tmp_path / "encoder.keras").write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="`encoder_dir` must hold a readable Keras model.*encoder"):
        load_encoder(tmp_path)


def test_a_model_file_with_a_flipped_byte_is_refused_or_unharmed(saved, tmp_path):
    content = saved.read_bytes()
    expected = load_encoder(saved).get_weights()
    refused = 0
    for place in np.random.default_rng(0).integers(0, len(content), 12):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        (tmp_path / "encoder.keras").write_bytes(damaged)
        try:
            weights = load_encoder(tmp_path).get_weights()
        except ValueError as error:
            assert "`encoder_dir` must hold a readable Keras model" in str(error)
            refused += 1
        else:
            for old, new in zip(expected, weights, strict=True):
                np.testing.assert_array_equal(old, new)
    assert refused > 0


def test_a_model_with_a_layer_of_another_program_is_refused(tmp_path):
    class Stranger(keras.layers.Layer):
        def call(self, inputs):
            return inputs

    keras.Sequential([keras.Input((3,)), Stranger()]).save(tmp_path / "encoder.keras")
    with pytest.raises(ValueError, match="must hold a readable Keras model.*Stranger"):
        load_encoder(tmp_path)
