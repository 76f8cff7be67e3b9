import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.encoders.frozen.saved_model_network import SavedModelNetwork
from tests.encoders.frozen.conftest import (
    features_of,
    mean_colours,
    picture_spec,
    random_pictures,
    save_module,
)


def test_it_gives_the_features_of_pictures_of_any_size(saved_model):
    network = SavedModelNetwork(saved_model)
    assert (network.height, network.width, network.picture_dtype) == (None, None, "float32")
    pictures = random_pictures(3, 7, 7)
    np.testing.assert_allclose(network(pictures), mean_colours(pictures), atol=1e-5)


def test_an_exported_keras_model_is_run(tmp_path):
    pictures = keras.Input((5, 4, 3))
    model = keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(pictures))
    model.export(tmp_path / "model", verbose=False)
    network = SavedModelNetwork(tmp_path / "model")
    assert (network.height, network.width) == (5, 4)
    shown = random_pictures(2, 5, 4)
    np.testing.assert_allclose(network(shown), shown.mean(axis=(1, 2)), atol=1e-6)


def test_whole_numbers_are_rounded_and_not_cut_off(tmp_path):
    def mean(pictures):
        return {"mean": tf.reduce_mean(tf.cast(pictures, tf.float32), [1, 2])}

    path = save_module(tmp_path / "model", mean, picture_spec(None, dtype=tf.uint8))
    pictures = np.full((1, 6, 4, 3), 99.9, np.float32)
    np.testing.assert_array_equal(SavedModelNetwork(path)(pictures), [[100.0] * 3])


def test_other_inputs_get_zeros(tmp_path):
    def in_training(pictures, phase_train, labels):
        noise = tf.where(phase_train, 100.0, 0.0) + tf.cast(labels[:, None], tf.float32)
        return {"features": features_of(pictures) + noise}

    path = save_module(
        tmp_path / "model",
        in_training,
        picture_spec(None),
        tf.TensorSpec([], tf.bool, name="phase_train"),
        tf.TensorSpec([None], tf.int64, name="labels"),
    )
    pictures = random_pictures(3)
    np.testing.assert_allclose(SavedModelNetwork(path)(pictures), mean_colours(pictures), atol=1e-5)


def test_of_several_outputs_one_must_be_named(tmp_path):
    def two(pictures):
        return {"features": features_of(pictures), "logits": tf.reduce_mean(pictures, [1, 2])}

    path = save_module(tmp_path / "model", two, picture_spec(None))
    with pytest.raises(ValueError, match="`frozen_output` must be one of .*: features, logits"):
        SavedModelNetwork(path)
    assert SavedModelNetwork(path, "logits")(random_pictures(2)).shape == (2, 3)


def test_an_only_signature_of_another_name_is_taken(tmp_path):
    path = save_module(
        tmp_path / "model",
        lambda pictures: {"features": features_of(pictures)},
        picture_spec(None),
        signature="embed",
    )
    assert SavedModelNetwork(path)(random_pictures(2)).shape == (2, 4)


def test_one_picture_at_a_time_is_refused(tmp_path):
    path = save_module(
        tmp_path / "model", lambda pictures: {"x": features_of(pictures)}, picture_spec(1)
    )
    with pytest.raises(ValueError, match=r"in batches of any size. Received: float32 \[1, 6, 4, 3"):
        SavedModelNetwork(path)


def test_a_model_without_signature_is_refused(tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path / "model"))
    with pytest.raises(ValueError, match="must have a signature serving_default. .*no signatures"):
        SavedModelNetwork(tmp_path / "model")


def test_a_damaged_folder_is_refused(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"\xff\xff no model")
    with pytest.raises(ValueError, match="The SavedModel .* cannot be read"):
        SavedModelNetwork(tmp_path)
