import keras
import numpy as np
import pytest

from simclr_tf.encoders import build_encoder, encoder_image_size, load_encoder

NAME = "inception_resnet_v1"
SIZE = 75


def pictures(size=SIZE, count=2):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3)).astype("uint8")


@pytest.fixture(scope="module")
def narrow():
    return build_encoder(NAME, image_size=SIZE, width=0.125)


@pytest.mark.slow
def test_the_network_has_the_parameters_of_the_published_one():
    # facenet-pytorch's network without classifier has 23,482,624 parameters.
    encoder = build_encoder(NAME, image_size=160)
    trained = sum(int(np.prod(weight.shape)) for weight in encoder.trainable_weights)
    assert trained == 23_482_624
    assert encoder.output_shape == (None, 512)


def test_pictures_are_scaled_as_facenet_does(narrow):
    levels = np.uint8([[[[0, 127, 255]]]])
    # (0 - 127.5) / 128, (127 - 127.5) / 128, (255 - 127.5) / 128
    expected = [-0.99609375, -0.00390625, 0.99609375]
    np.testing.assert_allclose(np.ravel(narrow.get_layer("scaling")(levels)), expected, atol=1e-6)


@pytest.mark.parametrize("size, side", [(75, 1), (160, 3), (182, 4)])
def test_the_last_map_has_the_size_of_the_published_network(narrow, size, side):
    last_map = keras.Model(narrow.input, narrow.get_layer("block8_add").output)
    assert last_map(pictures(size, 1)).shape == (1, side, side, 224)


@pytest.mark.parametrize("precision", ["none", "bfloat16", "float16"])
def test_embeddings_are_float32_of_length_1_in_every_precision(precision):
    encoder = build_encoder(NAME, image_size=SIZE, width=0.125, mixed_precision=precision)
    embeddings = encoder(pictures())
    assert (embeddings.dtype, embeddings.shape) == ("float32", (2, 64))
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, rtol=1e-5)
    assert {weight.dtype for weight in encoder.weights} == {"float32"}


def test_a_saved_encoder_gives_identical_embeddings(narrow, tmp_path):
    narrow.save(tmp_path / "encoder.keras")
    loaded = load_encoder(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(loaded(pictures()), narrow(pictures()))
    assert encoder_image_size(tmp_path / "encoder.keras") == SIZE


def test_the_smallest_picture_is_named():
    with pytest.raises(ValueError, match="`image_size` must be at least 75. Received: .*=74"):
        build_encoder(NAME, image_size=74)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"stem": "cifar"}, "`stem` must be auto for inception_resnet_v1"),
        ({"normalization": "group"}, "`normalization` must be batch for inception_resnet_v1"),
        ({"weights": "imagenet"}, "`weights` must be none or a file for inception_resnet_v1"),
        ({"mean": (0, 0, 0)}, "`mean` and `std` must be left out for inception_resnet_v1"),
        ({"std": (1, 1, 1)}, "`mean` and `std` must be left out for inception_resnet_v1"),
    ],
)
def test_what_it_does_not_have_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_encoder(NAME, image_size=160, **arguments)
