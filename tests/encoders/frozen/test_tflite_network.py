import sys
import types

import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.encoders.frozen import tflite_network
from simclr_tf.encoders.frozen.tflite_network import TFLiteNetwork
from tests.encoders.frozen.conftest import (
    COLOURS,
    HEIGHT,
    WIDTH,
    convert,
    features_of,
    mean_colours,
    picture_spec,
    random_pictures,
)


@pytest.mark.parametrize("number", [1, 5, 16, 37])
def test_any_number_of_pictures_gives_what_each_gives_alone(plain_file, number):
    pictures = random_pictures(number)
    features = TFLiteNetwork(plain_file).run(pictures)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, mean_colours(pictures), atol=1e-5)


def test_the_network_says_which_pictures_it_takes(plain_file):
    network = TFLiteNetwork(plain_file)
    assert (network.height, network.width) == (HEIGHT, WIDTH)
    assert (network.picture_dtype, network.is_quantised) == ("float32", False)


def test_it_runs_inside_a_traced_function(plain_file):
    network = TFLiteNetwork(plain_file)
    traced = tf.function(network, input_signature=[picture_spec(None)])
    pictures = random_pictures(3)
    assert traced.get_concrete_function().output_shapes.as_list() == [None, 4]
    np.testing.assert_allclose(traced(pictures), mean_colours(pictures), atol=1e-5)


@pytest.mark.parametrize(
    "function",
    [
        # One picture is written into the reshape.
        lambda pictures: tf.reshape(tf.reduce_mean(pictures, [1, 2]), [1, 3]) @ COLOURS,
        # Runs with any number, but every picture changes the features of the others.
        lambda pictures: (tf.reduce_mean(pictures, [1, 2]) - tf.reduce_mean(pictures)) @ COLOURS,
    ],
    ids=["fixed", "mixing"],
)
def test_a_network_for_single_pictures_is_run_picture_by_picture(tmp_path, function):
    network = TFLiteNetwork(convert(tmp_path / "single.tflite", function, picture_spec()))
    pictures = random_pictures(5)
    expected = np.concatenate([function(tf.constant(picture[None])) for picture in pictures])
    np.testing.assert_allclose(network.run(pictures), expected, atol=1e-5)


def test_other_inputs_get_zeros(tmp_path):
    def with_target(pictures, target):
        return features_of(pictures) + tf.reduce_sum(tf.cast(target, tf.float32))

    target = tf.TensorSpec([2], tf.int32, name="target")
    path = convert(tmp_path / "two.tflite", with_target, picture_spec(), target)
    pictures = random_pictures(3)
    np.testing.assert_allclose(TFLiteNetwork(path).run(pictures), mean_colours(pictures), atol=1e-5)


def test_of_several_outputs_one_must_be_named(tmp_path):
    def two(pictures):
        return features_of(pictures), tf.reduce_mean(pictures, [1, 2])

    path = convert(tmp_path / "two.tflite", two, picture_spec())
    with pytest.raises(ValueError, match="`frozen_output` must be one of the outputs of .*: ") as e:
        TFLiteNetwork(path)
    names = str(e.value).rpartition(": ")[0].rpartition(": ")[2].partition(". Received")[0]
    pictures = random_pictures(2)
    shapes = {TFLiteNetwork(path, name).run(pictures).shape for name in names.split(", ")}
    assert shapes == {(2, 4), (2, 3)}


def test_a_network_of_any_size_takes_one_size_after_the_other(tmp_path):
    network = TFLiteNetwork(
        convert(tmp_path / "any.tflite", features_of, picture_spec(None, None, None))
    )
    assert (network.height, network.width) == (None, None)
    for size in (5, 9):
        pictures = random_pictures(2, size, size)
        np.testing.assert_allclose(network.run(pictures), mean_colours(pictures), atol=1e-5)


def test_a_quantised_network_takes_and_gives_real_numbers(quantised_file):
    network = TFLiteNetwork(quantised_file)
    assert (network.picture_dtype, network.is_quantised) == ("uint8", True)
    pictures = random_pictures(4)
    # Steps of the input are 2 / 255, averaged away; the output's are about 1 / 255 of its range.
    np.testing.assert_allclose(network.run(pictures), mean_colours(pictures), atol=0.02)


def test_raw_pictures_go_into_a_quantised_network_as_they_are(quantised_file):
    raw = np.random.default_rng(1).integers(0, 256, (4, HEIGHT, WIDTH, 3)).astype(np.float32)
    # It was made for -1..1, of which 0..255 are the steps.
    expected = TFLiteNetwork(quantised_file).run(raw / 127.5 - 1)
    network = TFLiteNetwork(quantised_file, raw_pictures=True)
    np.testing.assert_allclose(network.run(raw), expected, atol=0.02)


@pytest.mark.parametrize("content", [b"", b"no model at all"])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "broken.tflite"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"The TensorFlow Lite model .*broken.tflite cannot be"):
        TFLiteNetwork(path)


def test_a_network_without_pictures_is_refused(tmp_path):
    spec = tf.TensorSpec([1, 5], tf.float32, name="numbers")
    path = convert(tmp_path / "numbers.tflite", lambda numbers: numbers * 2, spec)
    with pytest.raises(ValueError, match=r"must have one input of pictures .*Received: .*\[1, 5\]"):
        TFLiteNetwork(path)


@pytest.fixture
def without_litert(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)


@pytest.mark.parametrize("file", ["plain_file", "quantised_file"])
def test_both_interpreters_give_the_same(request, file):
    pytest.importorskip("ai_edge_litert", reason='not installed: pip install -e ".[tflite]"')
    path, pictures = request.getfixturevalue(file), random_pictures(5)
    litert = TFLiteNetwork(path)
    assert type(litert._interpreter).__module__.startswith("ai_edge_litert")
    features = litert.run(pictures)
    request.getfixturevalue("without_litert")
    own = TFLiteNetwork(path)
    assert type(own._interpreter).__module__.startswith("tensorflow")
    np.testing.assert_allclose(features, own.run(pictures), atol=1e-5)


def test_without_any_interpreter_the_extra_is_named(plain_file, without_litert, monkeypatch):
    monkeypatch.setattr(tflite_network, "tf", types.SimpleNamespace())
    with pytest.raises(ValueError, match=r'pip install "simclr_tf\[tflite\]"'):
        TFLiteNetwork(plain_file)
