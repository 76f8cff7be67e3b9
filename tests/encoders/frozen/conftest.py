import warnings

import numpy as np
import pytest
import tensorflow as tf

HEIGHT, WIDTH = 6, 4
# From the mean colour to four features.
COLOURS = np.arange(12, dtype=np.float32).reshape(3, 4) / 10


def mean_colours(pictures):
    """The oracle of most networks here: float32 `[n, 4]`."""
    return np.asarray(pictures, np.float32).mean(axis=(1, 2)) @ COLOURS


def random_pictures(number, height=HEIGHT, width=WIDTH, low=-1.0, high=1.0, seed=0):
    generator = np.random.default_rng(seed)
    return generator.uniform(low, high, (number, height, width, 3)).astype(np.float32)


def features_of(pictures):
    return tf.reduce_mean(pictures, [1, 2]) @ COLOURS


def picture_spec(batch=1, height=HEIGHT, width=WIDTH, dtype=tf.float32):
    return tf.TensorSpec([batch, height, width, 3], dtype, name="pictures")


def convert(path, function, *specs, quantised=False):
    """Writes `function` of `specs` as a TensorFlow Lite file."""
    module = tf.Module()
    module.function = tf.function(function)
    concrete = module.function.get_concrete_function(*specs)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], module)
    if quantised:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: (
            [random_pictures(1, seed=number)] for number in range(8)
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.uint8
    with warnings.catch_warnings():
        # What the converter says of itself is not under test.
        warnings.simplefilter("ignore")
        path.write_bytes(converter.convert())
    return path


def save_module(path, function, *specs, signature="serving_default"):
    """Writes `function` of `specs`, which gives outputs by name, as a SavedModel."""
    module = tf.Module()
    module.function = tf.function(function)
    concrete = module.function.get_concrete_function(*specs)
    tf.saved_model.save(module, str(path), signatures={signature: concrete})
    return path


@pytest.fixture(scope="session")
def plain_file(tmp_path_factory):
    """A TensorFlow Lite network of one picture 6 x 4, float32."""
    path = tmp_path_factory.mktemp("tflite") / "plain.tflite"
    return convert(path, features_of, picture_spec())


@pytest.fixture(scope="session")
def quantised_file(tmp_path_factory):
    """The same with uint8 in and out, made for pictures of -1..1."""
    path = tmp_path_factory.mktemp("tflite") / "quantised.tflite"
    return convert(path, features_of, picture_spec(), quantised=True)


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory):
    """A SavedModel of pictures of any size, float32."""
    path = tmp_path_factory.mktemp("saved") / "model"
    spec = picture_spec(None, None, None)
    return save_module(path, lambda pictures: {"features": features_of(pictures)}, spec)
