import keras
import numpy as np
import pytest

from simclr_tf.encoders import build_encoder, load_encoder
from simclr_tf.encoders.group_normalization import group_normalization


@pytest.mark.parametrize(
    ("channels", "groups"),
    [
        (512, 32),  # at most 32
        (256, 32),
        (128, 16),  # 128 / 8
        (64, 8),
        (16, 2),
        (24, 3),
        (20, 2),  # 20 // 8
        (36, 4),
        (19, 1),  # a prime
        (8, 1),
        (3, 1),
    ],
)
def test_groups_have_eight_channels_or_more_and_divide_them(channels, groups):
    assert group_normalization(channels).groups == groups


def test_it_is_the_formula_of_the_paper():
    generator = np.random.default_rng(0)
    activations = generator.normal(3.0, 2.0, (2, 4, 5, 16)).astype("float32")
    layer = group_normalization(16)
    layer.build(activations.shape)
    gamma, beta = generator.uniform(0.5, 1.5, (2, 16)).astype("float32")
    layer.set_weights([gamma, beta])
    expected = np.empty_like(activations)
    for picture in range(2):
        for group in range(2):  # 16 channels, 8 in a group
            channels = slice(8 * group, 8 * group + 8)
            values = activations[picture, :, :, channels]
            unit = (values - values.mean()) / np.sqrt(values.var() + 1e-5)
            expected[picture, :, :, channels] = unit * gamma[channels] + beta[channels]
    np.testing.assert_allclose(layer(activations), expected, rtol=1e-4, atol=1e-4)


def pictures(count=4, size=8):
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (count, size, size, 3)).astype("uint8")


def grouped(name="resnet10", **options):
    return build_encoder(name, image_size=8, width=0.25, normalization="group", **options)


def test_a_picture_has_the_same_features_alone_and_in_training():
    encoder = grouped()
    together = encoder(pictures(), training=True)
    for row, picture in enumerate(pictures()):
        alone = encoder(picture[None], training=False)
        np.testing.assert_allclose(alone[0], together[row], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["resnet10", "resnet50"])
def test_it_stands_where_batch_normalization_stood(name):
    names = [layer.name for layer in build_encoder(name, image_size=8, width=0.25).layers]
    encoder = grouped(name)
    assert [layer.name.replace("gn", "bn") for layer in encoder.layers] == names
    assert "layer1_0_gn1" in [layer.name for layer in encoder.layers]
    kinds = {type(layer) for layer in encoder.layers}
    assert keras.layers.GroupNormalization in kinds
    assert not any(issubclass(kind, keras.layers.BatchNormalization) for kind in kinds)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_features_are_finite_in_mixed_precision(precision):
    features = grouped(mixed_precision=precision)(pictures(), training=True)
    assert features.dtype == "float32"
    assert np.isfinite(features).all()


def test_a_saved_encoder_gives_the_same_features(tmp_path):
    encoder = grouped()
    encoder.save(tmp_path / "encoder.keras")
    loaded = load_encoder(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(loaded(pictures()), encoder(pictures()))


def test_weights_of_the_other_normalization_are_refused_by_name(tmp_path):
    build_encoder("resnet10", image_size=8, width=0.25).save(tmp_path / "encoder.keras")
    with pytest.raises(ValueError, match="the first layer that differs is 'gn1'.*no such layer"):
        grouped(weights=tmp_path / "encoder.keras")


def test_a_normalization_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="`normalization` must be one of: batch, group"):
        build_encoder("resnet10", normalization="layer")
