import keras
import numpy as np
import pytest

from simclr_tf.encoders import build_encoder, load_encoder, load_weights_by_layer_name
from simclr_tf.encoders.applications import APPLICATIONS

# Sizes of the last map of the papers: 1280 after EfficientNet's top convolution, 768 of ConvNeXt-T,
# 576 and 960 of MobileNetV3 before its classifier's dense layers.
FEATURES = {
    "efficientnetv2_b0": 1280,
    "convnext_tiny": 768,
    "mobilenetv3_small": 576,
    "mobilenetv3_large": 960,
}


def pictures(size=32, count=2):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3)).astype("uint8")


def test_every_adapter_is_tested():
    assert set(FEATURES) == set(APPLICATIONS)


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_adapter_gives_finite_float32_features_and_can_be_saved(name, tmp_path):
    encoder = build_encoder(name, image_size=32, mixed_precision="bfloat16")
    features = encoder(pictures())
    assert (features.dtype, features.shape) == ("float32", (2, FEATURES[name]))
    assert np.isfinite(features).all()
    assert encoder.name == name
    assert {weight.dtype for weight in encoder.weights} == {"float32"}
    assert "bfloat16" in {layer.compute_dtype for layer in encoder.layers}
    encoder.save(tmp_path / "encoder.keras")
    loaded = load_encoder(tmp_path / "encoder.keras")
    np.testing.assert_allclose(loaded(pictures()), features, rtol=1e-5, atol=1e-6)
    loaded.set_weights([np.zeros_like(weight) for weight in loaded.get_weights()])
    report = load_weights_by_layer_name(loaded, tmp_path / "encoder.keras")
    assert report.left_out == ()
    np.testing.assert_allclose(loaded(pictures()), features, rtol=1e-5, atol=1e-6)


def test_the_width_of_mobilenet_multiplies_its_channels():
    encoder = build_encoder("mobilenetv3_small", image_size=32, width=0.5)
    assert encoder.output_shape == (None, 288)


def test_mobilenet_scales_raw_pictures_to_between_minus_1_and_1():
    encoder = build_encoder("mobilenetv3_small", image_size=32)
    rescaling = next(x for x in encoder.layers if isinstance(x, keras.layers.Rescaling))
    np.testing.assert_allclose(rescaling(np.float32([0, 255])), [-1, 1], atol=1e-6)


def test_the_policy_of_the_program_is_left_as_it_was():
    before = keras.config.dtype_policy().name
    build_encoder("mobilenetv3_small", image_size=32, mixed_precision="bfloat16")
    assert keras.config.dtype_policy().name == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "convnext_tiny", "width": 0.5}, "`width` must be 1 for convnext_tiny. Received"),
        (
            {"name": "efficientnetv2_b0", "stem": "cifar"},
            "`stem` must be auto for efficientnetv2_b0. Received: stem='cifar'",
        ),
        (
            {"name": "efficientnetv2_b0", "normalization": "group"},
            "`normalization` must be batch for efficientnetv2_b0. Received: normalization='group'",
        ),
        ({"name": "mobilenetv3_small", "image_size": 16}, "`image_size` must be at least 32"),
        (
            {"name": "resnet18", "weights": "imagenet"},
            "`weights` must be none or a file for resnet18, of which Keras has none to download",
        ),
    ],
)
def test_combinations_that_do_not_exist_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_encoder(**{"image_size": 32, **arguments})
