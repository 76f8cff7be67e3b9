import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.encoders import build_encoder, load_encoder, uses_float16
from simclr_tf.encoders.resnet import STEMS

MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])


def pictures(size=8, count=3, seed=0):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (count, size, size, 3)).astype("uint8")


def randomised(encoder, seed=0):
    """Moves every weight and statistic away from where it begins."""
    generator = np.random.default_rng(seed)
    for variable in encoder.variables:
        noise = generator.uniform(0, 0.3, variable.shape).astype("float32")
        variable.assign(variable.numpy() + noise)
    return encoder


@pytest.fixture(scope="module")
def small():
    return randomised(build_encoder("resnet10", image_size=8, width=0.125))


# 64 * 2 ** 3 = 512 channels in the last stage, four times as many after a bottleneck.
@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize(
    "name, width, size",
    [
        ("resnet10", 1.0, 512),
        ("resnet10", 0.25, 128),
        ("resnet18", 0.25, 128),
        ("resnet34", 0.25, 128),
        ("resnet50", 0.25, 512),
        ("wide_resnet50_2", 0.125, 256),
    ],
)
def test_every_network_and_stem_gives_features_of_the_stated_size(name, width, size, stem):
    encoder = build_encoder(name, image_size=8, width=width, stem=stem)
    assert encoder.output_shape == (None, size)
    assert encoder.name == name


def test_the_features_of_the_whole_resnet50_are_those_of_the_paper():
    assert build_encoder("resnet50", image_size=224).output_shape == (None, 2048)


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("precision", ["none", "bfloat16", "float16"])
def test_features_are_float32_and_finite_in_every_precision(precision, stem):
    encoder = build_encoder(
        "resnet10", image_size=16, width=0.125, stem=stem, mixed_precision=precision
    )
    features = encoder(pictures(16), training=True)
    assert features.dtype == "float32"
    assert features.shape == (3, 64)
    assert np.isfinite(features).all()
    assert {weight.dtype for weight in encoder.weights} == {"float32"}
    assert uses_float16(encoder) == (precision == "float16")


@pytest.mark.parametrize(
    "name, convolutions", [("resnet10", 12), ("resnet18", 20), ("resnet34", 36), ("resnet50", 53)]
)
def test_networks_have_the_convolutions_of_the_paper(name, convolutions):
    # One stem, 2 a basic or 3 a bottleneck block, a shortcut where the shape changes: 18 has
    # 1 + 8 * 2 + 3 = 20, 34 has 1 + 16 * 2 + 3 = 36, 50 has 1 + 16 * 3 + 4 = 53; 10 has
    # 1 + 4 * 2 + 3 = 12.
    encoder = build_encoder(name, image_size=8, width=0.125)
    found = [layer for layer in encoder.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(found) == convolutions


def test_the_wide_resnet18_has_the_parameters_of_torchvision():
    # torchvision's resnet18 has 11,689,512 parameters, of which 512 * 1000 + 1000 = 513,000 in
    # its classifier.
    encoder = build_encoder("resnet18", image_size=224)
    trainable = sum(int(np.prod(weight.shape)) for weight in encoder.trainable_weights)
    assert trainable == 11_689_512 - 513_000


def test_the_resnet50_of_double_width_has_the_parameters_of_torchvision():
    # torchvision's wide_resnet50_2 has 68,883,240 parameters, of which 2048 * 1000 + 1000 =
    # 2,049,000 in its classifier.
    encoder = build_encoder("wide_resnet50_2", image_size=224)
    trainable = sum(int(np.prod(weight.shape)) for weight in encoder.trainable_weights)
    assert trainable == 68_883_240 - 2_049_000


@pytest.mark.parametrize("size, stem", [(64, "cifar"), (65, "imagenet")])
def test_the_stem_is_chosen_by_the_size_of_the_pictures(size, stem):
    encoder = build_encoder("resnet10", image_size=size, width=0.125)
    convolution = encoder.get_layer("conv1")
    assert (convolution.kernel_size[0], convolution.strides[0]) == STEMS[stem]
    assert any(layer.name == "maxpool" for layer in encoder.layers) == (stem == "imagenet")


@pytest.mark.parametrize("stem, side", [("cifar", 32), ("strided", 16), ("imagenet", 8)])
def test_the_stem_decides_the_size_of_the_first_stage(stem, side):
    encoder = build_encoder("resnet10", image_size=32, width=0.125, stem=stem)
    names = ("layer1_0_relu", "layer4_0_relu")
    stages = keras.Model(encoder.input, [encoder.get_layer(name).output for name in names])
    first, last = stages(np.zeros((1, 32, 32, 3), np.uint8))
    assert first.shape == (1, side, side, 8)
    assert last.shape == (1, side // 8, side // 8, 64)


def test_uint8_and_floating_pictures_give_the_same_features(small):
    images = pictures()
    np.testing.assert_array_equal(small(images), small(images.astype("float32")))


def test_pictures_are_scaled_by_mean_and_deviation_of_imagenet(small):
    scaled = keras.Model(small.input, small.get_layer("scaling").output)
    expected = (pictures() / 255 - MEAN) / STD
    np.testing.assert_allclose(scaled(pictures()), expected, rtol=1e-5, atol=1e-5)


def convolve(images, kernel, stride, padding):
    """A plain loop over output places; padding zeros on every side as PyTorch does."""
    size = kernel.shape[0]
    padded = np.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    side = (padded.shape[1] - size) // stride + 1
    output = np.zeros((len(images), side, side, kernel.shape[-1]))
    for row, column in np.ndindex(side, side):
        top, left = row * stride, column * stride
        patch = padded[:, top : top + size, left : left + size]
        output[:, row, column] = np.tensordot(patch, kernel, 3)
    return output


@pytest.mark.parametrize(
    "source, target, stem, padding",
    [
        ("scaling", "conv1", "cifar", 1),
        ("scaling", "conv1", "strided", 1),
        ("scaling", "conv1", "imagenet", 3),
        ("layer1_0_relu", "layer2_0_conv1", "cifar", 1),
        ("layer1_0_relu", "layer2_0_downsample_conv", "cifar", 0),
    ],
)
@pytest.mark.parametrize("size", [8, 9])
def test_convolutions_pad_as_pytorch_does(source, target, stem, padding, size):
    encoder = build_encoder("resnet10", image_size=size, width=0.125, stem=stem)
    layers = [encoder.get_layer(source), encoder.get_layer(target)]
    before, after = keras.Model(encoder.input, [layer.output for layer in layers])(pictures(size))
    kernel, stride = layers[1].kernel.numpy(), layers[1].strides[0]
    expected = convolve(before.numpy().astype("float64"), kernel, stride, padding)
    np.testing.assert_allclose(after, expected, rtol=1e-4, atol=1e-4)


def test_the_pool_of_the_imagenet_stem_is_that_of_pytorch():
    encoder = build_encoder("resnet10", image_size=32, width=0.125, stem="imagenet")
    layers = [encoder.get_layer(name).output for name in ("relu", "maxpool")]
    before, after = (part.numpy() for part in keras.Model(encoder.input, layers)(pictures(32)))
    padded = np.pad(before, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    for row, column in np.ndindex(8, 8):
        window = padded[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
        np.testing.assert_array_equal(after[:, row, column], window.max((1, 2)))


def test_every_residual_branch_begins_open():
    encoder = build_encoder("resnet18", image_size=8, width=0.125)
    gammas = [weight.numpy() for weight in encoder.weights if weight.name == "gamma"]
    assert len(gammas) == 20  # one a convolution
    assert all((gamma == 1).all() for gamma in gammas)


@pytest.mark.parametrize("precision", ["none", "bfloat16"])
def test_a_saved_encoder_gives_identical_features(tmp_path, precision):
    encoder = build_encoder("resnet10", image_size=8, width=0.125, mixed_precision=precision)
    randomised(encoder).save(tmp_path / "encoder.keras")
    loaded = load_encoder(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(loaded(pictures()), encoder(pictures()))


def test_weights_move_between_precisions_and_give_nearly_the_same_features(small):
    half = build_encoder("resnet10", image_size=8, width=0.125, mixed_precision="bfloat16")
    half.set_weights(small.get_weights())
    expected = small(pictures()).numpy()
    error = np.abs(half(pictures()) - expected).mean() / np.abs(expected).mean()
    assert error < 0.02


@pytest.mark.parametrize(
    "arguments, text",
    [
        ({"name": "resnet19"}, "`encoder` must be one of: resnet10, resnet18, resnet34, resnet50"),
        ({"image_size": 7}, "`image_size` must be at least 8. Received: image_size=7"),
        ({"width": 0}, "`width` must be greater than 0. Received: width=0"),
        ({"width": -1.0}, "`width` must be greater than 0. Received: width=-1.0"),
        ({"width": float("nan")}, "`width` must be greater than 0"),
        ({"stem": "vgg"}, "`stem` must be one of: auto, .*imagenet_same. Received: stem='vgg'"),
        ({"mixed_precision": "half"}, "`mixed_precision` must be one of: none, bfloat16, float16"),
    ],
)
def test_arguments_that_are_not_accepted_are_named(arguments, text):
    with pytest.raises(ValueError, match=text):
        build_encoder(**arguments)


def test_a_tiny_width_keeps_eight_channels():
    assert build_encoder("resnet10", image_size=8, width=1e-6).output_shape == (None, 8)


def test_gradients_reach_every_weight(small):
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.square(small(pictures(), training=True)))
    gradients = tape.gradient(total, small.trainable_variables)
    assert all(np.abs(gradient).max() > 0 for gradient in gradients)
