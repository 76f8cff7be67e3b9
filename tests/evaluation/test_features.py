from __future__ import annotations

import pathlib

import keras
import numpy as np
import pytest

from simclr_tf.evaluation import FeatureExtractor, extract_features


class CountingEncoder(keras.Model):
    """Gives mean and maximum of the red channel, and counts how often it is traced."""

    def __init__(self, output_dtype: str = "float32", bad_value: int | None = None) -> None:
        super().__init__()
        self.output_dtype = output_dtype
        self.bad_value = bad_value
        self.traces = 0
        self.training_flags: list[bool | None] = []

    def call(self, pictures, training=None):
        self.traces += 1
        self.training_flags.append(training)
        red = keras.ops.cast(pictures, "float32")[..., 0]
        features = keras.ops.stack(
            [keras.ops.mean(red, axis=(1, 2)), keras.ops.max(red, axis=(1, 2))], axis=1
        )
        if self.bad_value is not None:
            features = keras.ops.where(features == self.bad_value, float("nan"), features)
        return keras.ops.cast(features, self.output_dtype)


def pictures(count: int, size: int = 8) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, size, size, 3), np.uint8)


def expected_features(images: np.ndarray) -> np.ndarray:
    red = images[..., 0].astype(np.float32)
    return np.stack([red.mean(axis=(1, 2)), red.max(axis=(1, 2))], axis=1)


@pytest.mark.parametrize("count", [1, 4, 5, 11, 12])
def test_each_picture_gets_its_own_feature_in_order(count: int) -> None:
    images = pictures(count)
    features = extract_features(CountingEncoder(), images, batch_size=4)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected_features(images), rtol=1e-6)


def test_a_short_last_batch_and_further_calls_need_no_second_trace() -> None:
    encoder = CountingEncoder()
    extractor = FeatureExtractor(encoder, batch_size=4)
    for count in (11, 3, 8):
        extractor(pictures(count))
    assert encoder.traces == 1


def test_the_encoder_runs_in_inference_mode() -> None:
    encoder = CountingEncoder()
    extract_features(encoder, pictures(3))
    assert encoder.training_flags == [False]


def test_batch_statistics_are_neither_used_nor_updated() -> None:
    normalization = keras.layers.BatchNormalization(epsilon=0.0)
    encoder = keras.Sequential(
        [
            keras.Input((8, 8, 3), dtype="uint8"),
            keras.layers.Rescaling(1.0),
            normalization,
            keras.layers.GlobalAveragePooling2D(),
        ]
    )
    images = pictures(6)
    features = extract_features(encoder, images, batch_size=4)
    np.testing.assert_allclose(features, images.mean(axis=(1, 2)), rtol=1e-5)
    assert np.array_equal(normalization.moving_mean, np.zeros(3))


def test_features_follow_weights_that_were_changed_after_the_first_call() -> None:
    encoder = keras.Sequential(
        [
            keras.Input((2, 2, 3), dtype="uint8"),
            keras.layers.Rescaling(1.0),
            keras.layers.Flatten(),
            keras.layers.Dense(1, kernel_initializer="ones"),
        ]
    )
    extractor, images = FeatureExtractor(encoder), pictures(3, size=2)
    before = extractor(images)
    encoder.layers[-1].kernel.assign(2 * encoder.layers[-1].kernel)
    np.testing.assert_allclose(extractor(images), 2 * before, rtol=1e-6)


def test_bfloat16_features_come_out_as_float32() -> None:
    features = extract_features(CountingEncoder(output_dtype="bfloat16"), pictures(3))
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected_features(pictures(3)), rtol=1e-2)


def test_a_read_only_memmap_is_read_as_an_array(tmp_path: pathlib.Path) -> None:
    images = pictures(7)
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    features = extract_features(CountingEncoder(), mapped, batch_size=4)
    assert np.array_equal(features, extract_features(CountingEncoder(), images, batch_size=4))


def test_pictures_whose_features_are_not_finite_are_counted() -> None:
    images = pictures(5)
    images[..., 0] = 10
    images[3:, ..., 0] = 77
    with pytest.raises(ValueError, match="NaN or infinity for 2 of 5 pictures"):
        extract_features(CountingEncoder(bad_value=77), images, batch_size=2)


@pytest.mark.parametrize(
    "images", [np.zeros((2, 8, 8, 3), np.float32), np.zeros((8, 8, 3), np.uint8), pictures(0)]
)
def test_anything_but_raw_pictures_is_refused(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="`images` must be uint8 pictures"):
        extract_features(CountingEncoder(), images)


def test_an_encoder_that_gives_feature_maps_is_refused() -> None:
    encoder = keras.Sequential([keras.Input((8, 8, 3), dtype="uint8"), keras.layers.Rescaling(1.0)])
    with pytest.raises(ValueError, match=r"one feature vector \[d\] per picture"):
        extract_features(encoder, pictures(2))


def test_a_batch_size_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="`batch_size` must be at least 1"):
        extract_features(CountingEncoder(), pictures(2), batch_size=0)
