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
    mean, std = (0.1, 0.2, 0.3), (0.4, 0.5, 0.6)
    layer = PictureScaling(48, mean, std, dtype="mixed_bfloat16", name="scaling")
    copy = PictureScaling.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert (copy.image_size, copy.mean, copy.std) == (48, mean, std)


def test_a_layer_saved_before_it_had_statistics_takes_those_of_imagenet():
    config = PictureScaling(48).get_config()
    del config["mean"], config["std"]
    picture = np.full((1, 2, 2, 3), 9, np.uint8)
    np.testing.assert_array_equal(
        PictureScaling.from_config(config)(picture), PictureScaling(48)(picture)
    )


def test_other_statistics_are_used_instead():
    layer = PictureScaling(32, mean=(0.0, 0.5, 1.0), std=(1.0, 0.5, 0.25))
    white = layer(np.full((1, 1, 1, 3), 255, np.uint8))[0, 0, 0]
    # (1 - 0) / 1, (1 - .5) / .5, (1 - 1) / .25
    np.testing.assert_allclose(white, [1, 1, 0], atol=1e-6)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"mean": (0.5, 0.5)}, "`mean` must be 3 numbers: of red, green and blue"),
        ({"mean": (0, 0, 123.7)}, "`mean` must be between 0 and 1. Received: mean=123.7"),
        ({"std": (1, 0, 1)}, "`std` must be greater than 0"),
        ({"std": (1, float("nan"), 1)}, "`std` must be between 0 and 1"),
    ],
)
def test_statistics_that_are_not_accepted_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        PictureScaling(32, **arguments)


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
