import zipfile

import keras
import pytest

from simclr_tf.encoders import (
    build_encoder,
    encoder_fingerprint,
    encoder_image_size,
    find_encoder,
    picture_size,
)
from simclr_tf.encoders.find import find_weights


def saved(model, path):
    model.save(path)
    return path


def dense(shape):
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(2)])


def test_an_encoder_of_any_input_size_says_what_it_is_meant_for(tmp_path):
    encoder = build_encoder("resnet10", image_size=40, width=0.125)
    assert encoder_image_size(saved(encoder, tmp_path / "e.keras")) == picture_size(encoder) == 40


@pytest.mark.parametrize(("shape", "expected"), [((12, 12, 3), 12), ((5,), None)])
def test_a_model_from_elsewhere_says_its_input_size(tmp_path, shape, expected):
    assert encoder_image_size(saved(dense(shape), tmp_path / "e.keras")) == expected


def test_a_size_that_is_no_number_is_passed_over(tmp_path):
    path = tmp_path / "e.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "config.json", '{"image_size": null, "layers": [{"batch_shape": [null, 9, 9, 3]}]}'
        )
    assert encoder_image_size(path) == 9


def test_a_config_that_is_not_json_is_refused(tmp_path):
    path = tmp_path / "e.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{")
    with pytest.raises(ValueError, match="`encoder_dir` must hold a readable Keras model.*e.keras"):
        encoder_image_size(path)


def test_a_copy_has_the_same_fingerprint_and_changed_weights_have_another(tmp_path):
    model = dense((4,))
    first = saved(model, tmp_path / "a.keras")
    again = saved(model, tmp_path / "b.keras")
    assert encoder_fingerprint(first) == encoder_fingerprint(again)
    model.set_weights([weight + 1 for weight in model.get_weights()])
    changed = saved(model, tmp_path / "c.keras")
    assert encoder_fingerprint(changed) != encoder_fingerprint(first)


def test_a_file_without_weights_has_no_fingerprint(tmp_path):
    with zipfile.ZipFile(tmp_path / "e.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(ValueError, match="must hold a readable Keras model.*model.weights.h5"):
        encoder_fingerprint(tmp_path / "e.keras")


def test_the_home_folder_may_be_written_short(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = saved(dense((4,)), tmp_path / "e.keras")
    assert find_encoder("~/e.keras") == path


def test_weights_are_a_known_word_a_file_or_the_encoder_of_a_run(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.h5").touch()
    encoder = tmp_path / "run/version_0/encoder.keras"
    encoder.parent.mkdir(parents=True)
    encoder.touch()
    for word in ("none", "imagenet"):
        assert find_weights(word) == word
    assert find_weights(tmp_path / "mine.h5") == find_weights("~/mine.h5")
    assert find_weights("~/mine.h5") == str(tmp_path / "mine.h5")
    for folder in ("run", "run/version_0"):
        assert find_weights(tmp_path / folder) == str(encoder)


@pytest.mark.parametrize(("name", "reason"), [("other.h5", "does not exist"), ("", "has none")])
def test_weights_that_are_not_there_are_refused(tmp_path, name, reason):
    text = "`weights` must be none or imagenet, a Keras file, or a run folder .* which " + reason
    with pytest.raises(ValueError, match=text):
        find_weights(tmp_path / name)
