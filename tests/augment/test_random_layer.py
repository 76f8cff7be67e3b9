"""What every augmentation promises, whatever it does to a picture."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from simclr_tf.augment import (
    Augmenter,
    RandAugment,
    RandomBorderStrokes,
    RandomColorJitter,
    RandomErasing,
    RandomFlip,
    RandomGaussianBlur,
    RandomGaussianNoise,
    RandomGrayscale,
    RandomJpegArtifacts,
    RandomLayer,
    RandomLineWeight,
    RandomPaperTint,
    RandomResizedCrop,
    RandomSaltAndPepper,
    RandomSolarize,
    RandomSpeckle,
    RandomTurnedCrop,
    TrivialAugmentWide,
)

# Settings that change every picture or nearly so, none of them the default.
STRONG = {
    "crop": (
        RandomResizedCrop,
        {
            "size": 9,
            "scale": (0.1, 0.6),
            "ratio": (0.5, 1.5),
            "horizontal_flip": 0.4,
        },
    ),
    "cubic_crop": (RandomResizedCrop, {"size": 9, "interpolation": "bicubic"}),
    "jitter": (
        RandomColorJitter,
        {"brightness": 0.9, "contrast": 0.8, "saturation": 0.7, "hue": 0.3, "probability": 1.0},
    ),
    "flip": (RandomFlip, {"horizontal": 0.6, "vertical": 0.4}),
    "blur": (RandomGaussianBlur, {"sigma": (0.7, 3.0), "probability": 1.0}),
    "noise": (RandomGaussianNoise, {"sigma": (20.0, 90.0), "probability": 1.0}),
    "grey": (RandomGrayscale, {"probability": 0.5}),
    "solarize": (RandomSolarize, {"threshold": 100.0, "probability": 0.5}),
    "erasing": (
        RandomErasing,
        {"probability": 0.9, "scale": (0.1, 0.6), "ratio": (0.5, 2.0), "fill": 99.0},
    ),
    "noise_erasing": (RandomErasing, {"probability": 1.0}),
    "trivial_wide": (TrivialAugmentWide, {"fill": 99.0}),
    "rand_augment": (RandAugment, {"num_ops": 3, "magnitude": 17.0, "fill": 99.0}),
    "turned_crop": (
        RandomTurnedCrop,
        {
            "size": 9,
            "scale": (0.5, 1.6),
            "ratio": (0.7, 1.3),
            "shift": 0.2,
            "rotation": 30.0,
            "quarter_turns": 0.7,
            "fill": 99.0,
        },
    ),
    "paper_turned_crop": (RandomTurnedCrop, {"size": 9, "rotation": 30.0}),
    "line_weight": (RandomLineWeight, {"thin": 1.5, "thicken": 2.5, "probability": 1.0}),
    "strokes": (
        RandomBorderStrokes,
        {
            "count": (2, 4),
            "length": (0.3, 0.9),
            "width": (1.5, 3.0),
            "lean": 45.0,
            "opacity": (0.8, 0.9),
            "probability": 1.0,
        },
    ),
    "salt_and_pepper": (RandomSaltAndPepper, {"amount": (0.3, 0.6), "probability": 1.0}),
    "speckle": (RandomSpeckle, {"sigma": (0.2, 0.4), "probability": 1.0}),
    "tint": (RandomPaperTint, {"tint": 0.5, "fade": 0.7, "probability": 1.0}),
    "jpeg": (RandomJpegArtifacts, {"quality": (3, 90), "probability": 1.0}),
    "augmenter": (Augmenter, {"layers": [RandomFlip(0.3, seed=1), RandomGaussianBlur((1, 2), 1)]}),
}
# How many different pictures 64 copies of one picture become: what the draws allow.
OUTCOMES = {name: 64 for name in STRONG} | {"flip": 4, "grey": 2, "solarize": 2}
# Where two pictures may draw the same: at least so many.
OUTCOMES_AT_LEAST = {"erasing": 30, "trivial_wide": 30, "rand_augment": 30, "jpeg": 25}
# On noise, half of the strokes find ink that is stronger already.
OUTCOMES_AT_LEAST["strokes"] = 25

WEAKEST = {
    "crop": RandomResizedCrop(7, scale=(1, 1), ratio=(1, 1)),
    "cubic_crop": RandomResizedCrop(7, scale=(1, 1), ratio=(1, 1), interpolation="bicubic"),
    "jitter_of_strength_0": RandomColorJitter(0, 0, 0, 0, probability=1),
    "jitter_of_probability_0": RandomColorJitter(0.9, 0.9, 0.9, 0.5, probability=0),
    "flip": RandomFlip(0, 0),
    "blur_of_sigma_0": RandomGaussianBlur((0, 0), probability=1),
    "blur_of_probability_0": RandomGaussianBlur((2, 2), probability=0),
    "noise_of_sigma_0": RandomGaussianNoise((0, 0), probability=1),
    "noise_of_probability_0": RandomGaussianNoise((90, 90), probability=0),
    "grey": RandomGrayscale(0),
    "solarize": RandomSolarize(0, probability=0),
    "erasing_of_no_area": RandomErasing(1, scale=(0, 0)),
    "erasing_of_probability_0": RandomErasing(0),
    "turned_crop": RandomTurnedCrop(
        7, scale=(1, 1), ratio=(1, 1), shift=0, rotation=0, quarter_turns=0
    ),
    "line_weight_of_no_change": RandomLineWeight(0, 0, probability=1),
    "line_weight_of_probability_0": RandomLineWeight(2, 2, probability=0),
    "no_strokes": RandomBorderStrokes((0, 0), probability=1),
    "strokes_of_opacity_0": RandomBorderStrokes(opacity=(0, 0), probability=1),
    "strokes_of_probability_0": RandomBorderStrokes(probability=0),
    "salt_and_pepper_of_no_pixel": RandomSaltAndPepper((0, 0), probability=1),
    "salt_and_pepper_of_probability_0": RandomSaltAndPepper((1, 1), probability=0),
    "speckle_of_sigma_0": RandomSpeckle((0, 0), probability=1),
    "speckle_of_probability_0": RandomSpeckle((1, 1), probability=0),
    "tint_of_strength_0": RandomPaperTint(0, 0, probability=1),
    "tint_of_probability_0": RandomPaperTint(1, 1, probability=0),
    "jpeg_of_probability_0": RandomJpegArtifacts((1, 1), probability=0),
    "augmenter": Augmenter([RandomFlip(0), RandomGrayscale(0)]),
    "augmenter_without_layers": Augmenter([]),
}

every_layer = pytest.mark.parametrize("name", STRONG)


def strong(name, seed=7):
    layer_class, arguments = STRONG[name]
    return layer_class(**arguments, seed=seed)


def pictures(count=4, height=9, width=9, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8)


@pytest.mark.parametrize("name", WEAKEST)
def test_the_weakest_setting_leaves_pictures_as_they_are(name):
    images = pictures(16, 7, 7)
    result = WEAKEST[name](images, training=True)
    # 1e-3: the resampling crop and the turn of the hue round in float32
    np.testing.assert_allclose(result, images, atol=1e-3)


@every_layer
def test_nothing_is_changed_outside_training(name):
    images = pictures()
    result = strong(name)(images, training=False)
    assert result.dtype == tf.float32
    assert np.array_equal(result, images)


@every_layer
@settings(max_examples=8, deadline=None)
@given(
    images=hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 12), st.integers(1, 12), st.just(3))
    ),
    seed=st.integers(0, 2**31 - 1),
)
def test_any_picture_stays_float32_in_0_to_255_of_the_declared_shape(name, images, seed):
    layer = strong(name)
    result = layer.transform(tf.constant(images), tf.constant([seed, 1]))
    assert result.dtype == tf.float32
    assert tuple(result.shape) == tuple(layer.compute_output_shape(images.shape))
    assert np.min(result) >= 0
    assert np.max(result) <= 255


@every_layer
@pytest.mark.parametrize("extreme", [0, 255])
def test_black_and_white_pictures_stay_within_the_range(name, extreme):
    result = strong(name)(np.full((64, 9, 9, 3), extreme, np.uint8)).numpy()
    assert result.min() >= 0
    assert result.max() <= 255


@every_layer
@pytest.mark.parametrize("dtype", ["uint8", "bfloat16", "float16", "float32", "float64"])
def test_every_type_of_picture_gives_the_same_float32_result(name, dtype):
    images = pictures()  # whole numbers to 255 are exact in every one of these types
    result = strong(name)(tf.cast(images, dtype))
    assert result.dtype == tf.float32
    np.testing.assert_allclose(result, strong(name)(images), atol=1e-3)


@every_layer
def test_the_arithmetic_stays_float32_under_mixed_precision(name):
    expected = strong(name)(pictures())
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = strong(name)
        result = layer(pictures())
    finally:
        keras.config.set_dtype_policy(before)
    assert (result.dtype, layer.compute_dtype) == (tf.float32, "float32")
    assert np.array_equal(result, expected)


@every_layer
def test_the_same_seed_draws_the_same_augmentations(name):
    first, again, other = strong(name, 7), strong(name, 7), strong(name, 8)
    images = pictures(16)
    for _ in range(2):
        expected = first(images)
        assert np.array_equal(again(images), expected)
        assert not np.array_equal(other(images), expected)


@every_layer
def test_every_call_draws_anew(name):
    layer, images = strong(name), pictures(16)
    assert not np.array_equal(layer(images), layer(images))


@every_layer
def test_pictures_of_one_batch_get_their_own_draws(name):
    copies = np.repeat(pictures(1), 64, axis=0)
    outcomes = len(np.unique(strong(name)(copies), axis=0))
    if name in OUTCOMES_AT_LEAST:
        assert outcomes >= OUTCOMES_AT_LEAST[name]
    else:
        assert outcomes == OUTCOMES[name]


@every_layer
def test_a_picture_is_augmented_without_regard_to_the_others(name):
    images, others, seed = pictures(6), pictures(6, seed=1), tf.constant([3, 4])
    others[2] = images[2]
    results = [strong(name).transform(tf.constant(batch), seed)[2] for batch in (images, others)]
    np.testing.assert_allclose(*results, atol=1e-3)


@every_layer
def test_a_batch_without_pictures_stays_one(name):
    assert strong(name)(pictures(0)).shape == (0, 9, 9, 3)


@every_layer
def test_a_traced_function_draws_what_eager_calls_draw(name):
    eager, traced = strong(name), tf.function(strong(name))
    for _ in range(2):
        np.testing.assert_allclose(traced(pictures()), eager(pictures()), atol=1e-3)


@every_layer
def test_a_data_pipeline_draws_what_eager_calls_draw(name):
    eager, layer = strong(name), strong(name)
    batches = tf.data.Dataset.from_tensor_slices(pictures(8)).batch(4).map(layer)
    assert batches.element_spec.dtype == tf.float32
    for batch, result in zip((pictures(8)[:4], pictures(8)[4:]), batches, strict=True):
        np.testing.assert_allclose(result, eager(batch), atol=1e-3)


@every_layer
def test_the_configuration_holds_every_argument(name):
    layer_class, arguments = STRONG[name]
    arguments = {**arguments, "seed": 7}
    parameters = inspect.signature(layer_class.__init__).parameters
    # Between them two crops of a kind, and the two erasings, set every argument.
    if name not in ("cubic_crop", "noise_erasing", "paper_turned_crop"):
        assert {"self", "kwargs", "interpolation"} | set(arguments) >= set(parameters)
    config = strong(name).get_config()
    for argument, value in arguments.items():
        assert value != parameters[argument].default
        if argument != "layers":
            assert config[argument] == value


@every_layer
def test_a_deserialised_layer_draws_the_same(name):
    layer = strong(name)
    data = keras.saving.serialize_keras_object(layer)
    for _ in range(2):  # reading a configuration leaves it as it was
        copy = keras.saving.deserialize_keras_object(data)
        assert type(copy) is type(layer)
        assert copy.get_config() == layer.get_config()
        assert np.array_equal(copy(pictures()), strong(name)(pictures()))


@every_layer
def test_a_configuration_can_be_used_twice(name):
    config = strong(name).get_config()
    first, second = (type(strong(name)).from_config(config) for _ in range(2))
    assert np.array_equal(first(pictures()), second(pictures()))


@every_layer
def test_a_saved_model_goes_on_with_the_draws_it_would_have_made(name, tmp_path):
    layer, images = strong(name), pictures()
    model = keras.Sequential([keras.Input(images.shape[1:]), layer])
    model(images, training=True)
    model.save(tmp_path / "model.keras")
    restored = keras.models.load_model(tmp_path / "model.keras")
    for _ in range(2):
        assert np.array_equal(restored(images, training=True), model(images, training=True))


@every_layer
def test_loaded_weights_bring_the_generator_back(name, tmp_path):
    model = keras.Sequential([keras.Input((9, 9, 3)), strong(name)])
    model.save_weights(tmp_path / "model.weights.h5")
    first = model(pictures(), training=True)
    model.load_weights(tmp_path / "model.weights.h5")
    assert np.array_equal(model(pictures(), training=True), first)


def test_the_base_layer_leaves_the_transformation_to_others():
    with pytest.raises(NotImplementedError):
        RandomLayer().transform(tf.constant(pictures()), tf.constant([0, 0]))
