import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import (
    RECIPES,
    Augmenter,
    RandAugment,
    RandomColorJitter,
    RandomErasing,
    RandomFlip,
    RandomGaussianBlur,
    RandomGrayscale,
    RandomResizedCrop,
    RandomTurnedCrop,
    TrivialAugmentWide,
    build_augmenter,
)

NAMES = ["simclr-cifar", "simclr-imagenet", "simclr-strong", "simclr-symbols", "crop-flip"]
NAMES += ["trivial-wide", "rand-augment", "symbols", "drawing"]


def pictures(size, count=4):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), np.uint8)


def layer_of(name, layer_class, size=32):
    found = [layer for layer in RECIPES[name](size) if isinstance(layer, layer_class)]
    return found[0] if found else None


def test_the_recipes_are_those_documented():
    assert list(RECIPES) == NAMES
    for name in NAMES:
        assert f"`{name}`" in build_augmenter.__doc__


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_turns_uint8_pictures_into_two_float32_views(name, size):
    views = build_augmenter(name, size, seed=0).two_views(pictures(size))
    assert (views.shape, views.dtype) == ((8, size, size, 3), tf.float32)
    assert np.min(views) >= 0
    assert np.max(views) <= 255
    assert len(np.unique(views, axis=0)) == 8


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_stays_float32_under_mixed_precision(name):
    expected = build_augmenter(name, 16, seed=3)(pictures(16))
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        result = build_augmenter(name, 16, seed=3)(pictures(16))
    finally:
        keras.config.set_dtype_policy(before)
    assert result.dtype == tf.float32
    assert np.array_equal(result, expected)


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_survives_serialisation(name):
    augmenter = build_augmenter(name, 16, seed=3)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(augmenter))
    assert np.array_equal(copy(pictures(16)), augmenter(pictures(16)))


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_works_at_the_smallest_size(name):
    assert build_augmenter(name, 8)(pictures(8)).shape == (4, 8, 8, 3)


@pytest.mark.parametrize("name", ["simclr-symbols", "symbols"])
def test_recipes_for_symbols_neither_mirror_nor_turn_colours(name):
    assert layer_of(name, RandomFlip) is None
    assert layer_of(name, RandomResizedCrop).horizontal_flip == 0
    assert layer_of(name, RandomColorJitter).hue == 0


def test_the_recipe_for_drawings_neither_mirrors_nor_turns_colours():
    layers = RECIPES["drawing"](64)
    assert not {RandomFlip, RandomColorJitter, RandomResizedCrop} & set(map(type, layers))
    crop = layer_of("drawing", RandomTurnedCrop, 64)
    assert (crop.quarter_turns, crop.rotation, crop.fill) == (1.0, 8, None)


def test_the_recipe_for_drawings_leaves_paper_paper():
    # It has no ink: neither strokes nor dark corners appear on it.
    blank = np.full((32, 64, 64, 3), 250, np.uint8)
    strokes_and_crop = Augmenter(RECIPES["drawing"](64)[:4])
    np.testing.assert_allclose(strokes_and_crop(blank), blank, atol=0.01)


def test_the_recipe_for_cifar_is_lightly_s_without_blur():
    crop, jitter, grey = RECIPES["simclr-cifar"](32)
    assert (crop.scale, crop.horizontal_flip, crop.interpolation) == ((0.2, 1), 0.5, "bilinear")
    strengths = jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue
    assert strengths == (0.4, 0.4, 0.4, 0.1)
    assert (jitter.probability, grey.probability) == (0.8, 0.2)


def test_the_recipe_for_imagenet_is_the_paper_s():
    crop, jitter, grey, blur = RECIPES["simclr-imagenet"](224)
    assert (crop.scale, crop.ratio, crop.interpolation) == ((0.08, 1), (3 / 4, 4 / 3), "bicubic")
    strengths = jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue
    assert strengths == (0.8, 0.8, 0.8, 0.2)
    assert (crop.horizontal_flip, jitter.probability, grey.probability) == (0.5, 0.8, 0.2)
    assert (blur.sigma, blur.probability) == ((0.1, 2.0), 0.5)


def test_the_blur_shrinks_with_the_picture():
    # 2 pixels at 224 are 1 at 112; the least upper end is 0.6
    for size, largest in ((224, 2.0), (112, 1.0), (32, 0.6)):
        blur = layer_of("simclr-imagenet", RandomGaussianBlur, size)
        assert blur.sigma == pytest.approx((0.1, largest))


def test_label_training_keeps_the_colours():
    assert layer_of("crop-flip", RandomColorJitter) is None
    assert layer_of("crop-flip", RandomGrayscale) is None


def test_the_recipe_of_trivial_augment_crops_draws_one_operation_and_erases():
    crop, trivial, erasing = RECIPES["trivial-wide"](32)
    assert isinstance(crop, RandomResizedCrop)
    assert crop.horizontal_flip == 0.5
    assert isinstance(trivial, TrivialAugmentWide)
    assert isinstance(erasing, RandomErasing)
    assert erasing.probability == 0.1


def test_the_recipe_of_rand_augment_crops_and_draws_two_operations():
    crop, rand_augment = RECIPES["rand-augment"](32)
    assert (crop.scale, crop.horizontal_flip) == ((0.2, 1), 0.5)
    assert isinstance(rand_augment, RandAugment)
    assert (rand_augment.num_ops, rand_augment.magnitude) == (2, 9)


@pytest.mark.parametrize("name", NAMES)
def test_erasing_comes_last_once_and_with_the_share_that_is_asked_for(name):
    plain, erasing = build_augmenter(name, 16), build_augmenter(name, 16, erasing=0.25)
    kept = [type(layer) for layer in plain.layers if not isinstance(layer, RandomErasing)]
    assert [type(layer) for layer in erasing.layers] == [*kept, RandomErasing]
    assert erasing.layers[-1].probability == 0.25


def test_a_share_of_erasing_above_1_is_refused():
    message = "`erasing` must be between 0 and 1. Received: erasing=1.5"
    with pytest.raises(ValueError, match=re.escape(message)):
        build_augmenter("crop-flip", 32, erasing=1.5)


def test_an_unknown_recipe_lists_the_known_ones():
    message = f"`augment` must be one of: {', '.join(NAMES)}. Received: augment='simclr'"
    with pytest.raises(ValueError, match=re.escape(message)):
        build_augmenter("simclr", 32)


def test_pictures_below_8_pixels_are_refused():
    with pytest.raises(ValueError, match="`image_size` must be at least 8. Received: image_size=7"):
        build_augmenter("simclr-cifar", 7)
