"""Raw pictures to standardised ones."""

import keras
import numpy as np
import pytest

from simclr_tf.encoders import PictureScaling, build_encoder, picture_size


def test_a_picture_is_standardised_by_the_statistics_of_imagenet():
    black = PictureScaling(32)(np.zeros((1, 2, 2, 3), np.uint8))
    # (0 - .485) / .229, (0 - .456) / .224, (0 - .406) / .225
    np.testing.assert_allclose(black[0, 0, 0], [-2.117904, -2.035714, -1.804444], rtol=1e-6)
    white = PictureScaling(32)(np.full((1, 2, 2, 3), 255, np.uint8))
    # (1 - .485) / .229, (1 - .456) / .224, (1 - .406) / .225
    np.testing.assert_allclose(white[0, 0, 0], [2.248908, 2.428571, 2.640000], rtol=1e-6)


def test_it_computes_in_the_type_of_its_policy():
    layer = PictureScaling(32, dtype="mixed_bfloat16")
    assert layer(np.zeros((1, 2, 2, 3), np.uint8)).dtype == "bfloat16"


def test_a_copy_from_its_config_is_the_same():
    layer = PictureScaling(48, dtype="mixed_bfloat16", name="scaling")
    copy = PictureScaling.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert copy.image_size == 48


def test_an_encoder_tells_the_size_of_its_pictures_also_after_loading(tmp_path):
    encoder = build_encoder("resnet10", image_size=40, width=0.125)
    assert picture_size(encoder) == 40
    encoder.save(tmp_path / "encoder.keras")
    assert picture_size(keras.models.load_model(tmp_path / "encoder.keras")) == 40


@pytest.mark.parametrize("side, expected", [(24, 24), (None, None)])
def test_a_model_from_elsewhere_is_asked_for_its_input(side, expected):
    model = keras.Sequential([keras.Input((side, side, 3)), keras.layers.GlobalMaxPooling2D()])
    assert picture_size(model) == expected


def test_an_encoder_takes_views_smaller_than_its_pictures():
    encoder = build_encoder("resnet10", image_size=32, width=0.125)
    assert encoder(np.zeros((2, 20, 20, 3), np.float32)).shape == (2, 64)
