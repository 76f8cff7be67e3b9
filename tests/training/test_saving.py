import errno

import keras
import numpy as np
import pytest

from simclr_tf.training import save_model


def make_model(value):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.full((2, 1), value, "float32")])
    return model


def test_a_saved_model_takes_the_place_of_the_old_one_alone(tmp_path):
    for value in (1.0, 2.0):
        save_model(make_model(value), tmp_path / "encoder.keras")
    assert [path.name for path in tmp_path.iterdir()] == ["encoder.keras"]
    loaded = keras.models.load_model(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(loaded.get_weights()[0], np.full((2, 1), 2.0))


def test_a_save_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "encoder.keras"
    save_model(make_model(1.0), path)
    before = path.read_bytes()

    class Interrupted:
        def save(self, beside):
            beside.write_bytes(before[:100])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_model(Interrupted(), path)
    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["encoder.keras"]


def test_a_full_disk_is_explained(tmp_path):
    class OnAFullDisk:
        def save(self, beside):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="The disk of the folder .* is full: encoder.keras could not"):
        save_model(OnAFullDisk(), tmp_path / "encoder.keras")
    assert not list(tmp_path.iterdir())
