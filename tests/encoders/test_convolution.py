import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.encoders import Convolution, build_encoder, convolution

# Height, width, stride and padding of 3×3 convolutions that go through the project's gradient.
SMALL = [
    (6, 6, 1, "same"),
    (3, 5, 1, "same"),
    (1, 1, 1, "same"),
    (7, 6, 1, "valid"),
    (8, 8, 2, "valid"),
    (7, 7, 2, "valid"),
    (12, 5, 2, "valid"),
    (3, 4, 2, "valid"),
]


def activations(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def both_layers(filters=5, channels=32, size=3, **kwargs):
    """This layer and Keras's with the same arguments and weights."""
    layers = Convolution(filters, size, **kwargs), keras.layers.Conv2D(filters, size, **kwargs)
    for layer in layers:
        layer.build((None, 8, 8, channels))
    weights = [activations(w.shape, seed=7) for w in layers[0].weights]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def gradients(layer, x, **kwargs):
    """Output, and the gradients of a weighted sum of it to the input and to the weights."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        output = layer(x, **kwargs)
        total = tf.reduce_sum(tf.cast(output, "float32") * activations(output.shape, seed=3))
    return output, *tape.gradient(total, [x, *layer.trainable_variables])


def own_calls(monkeypatch):
    """Collects the maps whose gradient the project's program computes."""
    calls = []
    program = convolution._kernel_gradient

    def counted(inputs, *args):
        calls.append(tuple(inputs.shape))
        return program(inputs, *args)

    monkeypatch.setattr(convolution, "_kernel_gradient", counted)
    return calls


def kernel_gradient_by_loops(x, upstream, stride, before):
    """Sum over pixels of what the kernel's position saw there times the gradient there."""
    total = np.zeros((3, 3, x.shape[-1], upstream.shape[-1]))
    for row, column, i, j in np.ndindex(3, 3, *upstream.shape[1:3]):
        y, z = stride * i + row - before, stride * j + column - before
        if 0 <= y < x.shape[1] and 0 <= z < x.shape[2]:
            total[row, column] += x[:, y, z].T @ upstream[:, i, j]
    return total


@pytest.mark.parametrize("height, width, stride, padding", SMALL)
def test_the_kernel_gradient_is_that_of_plain_loops(height, width, stride, padding):
    x = activations((2, height, width, 32))
    kernel = tf.zeros([3, 3, 32, 5])
    upstream = activations(tf.nn.conv2d(x, kernel, stride, padding.upper()).shape, seed=3)
    found = convolution._kernel_gradient(tf.constant(x), upstream, stride, padding.upper())
    expected = kernel_gradient_by_loops(x, upstream, stride, 1 if padding == "same" else 0)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


# bfloat16 keeps 8 bits: sums rounded once differ by at most one last place, 2 ** -7.
@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-5), ("mixed_bfloat16", 2**-7)])
@pytest.mark.parametrize("height, width, stride, padding", SMALL)
def test_output_and_gradients_equal_those_of_keras(
    height, width, stride, padding, dtype, tolerance, monkeypatch
):
    calls = own_calls(monkeypatch)
    x = tf.constant(activations((3, height, width, 32)))
    kwargs = {"strides": stride, "padding": padding, "activation": "tanh", "dtype": dtype}
    found, expected = (
        gradients(layer, x, **({"training": True} if number == 0 else {}))
        for number, layer in enumerate(both_layers(**kwargs))
    )
    for own, of_keras in zip(found, expected, strict=True):
        assert own.dtype == of_keras.dtype
        own, of_keras = (tf.cast(value, "float32").numpy() for value in (own, of_keras))
        limit = tolerance * np.abs(of_keras).max()
        np.testing.assert_allclose(own, of_keras, rtol=tolerance, atol=limit)
    assert calls == ([tuple(x.shape)] if dtype == "mixed_bfloat16" else [])


@pytest.mark.parametrize(
    "kwargs, shape",
    [
        ({"padding": "same", "dtype": "float32"}, (2, 6, 6, 32)),
        ({"padding": "same"}, (2, 7, 6, 32)),  # 42 pixels
        ({"padding": "same"}, (2, 6, 6, 16)),  # few channels
        ({"padding": "same", "strides": 2}, (2, 6, 6, 32)),
        ({"padding": "same", "dilation_rate": 2}, (2, 6, 6, 32)),
        ({"padding": "same", "groups": 5}, (2, 6, 6, 40)),
        ({"padding": "same", "size": 5}, (2, 6, 6, 32)),
        ({"size": 1, "strides": 2}, (2, 6, 6, 32)),
    ],
)
def test_other_convolutions_go_through_the_program_of_keras(kwargs, shape, monkeypatch):
    calls = own_calls(monkeypatch)
    own, of_keras = both_layers(channels=shape[-1], **{"dtype": "mixed_bfloat16", **kwargs})
    x = tf.constant(activations(shape))
    pairs = zip(gradients(own, x, training=True), gradients(of_keras, x), strict=True)
    for found, expected in pairs:
        np.testing.assert_array_equal(found, expected)
    assert calls == []


def test_an_accelerator_goes_through_the_program_of_keras(monkeypatch):
    devices = [tf.config.LogicalDevice("/device:GPU:0", "GPU"), *tf.config.list_logical_devices()]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda: devices)
    calls = own_calls(monkeypatch)
    gradients(
        both_layers(dtype="mixed_bfloat16")[0],
        tf.constant(activations((2, 6, 6, 32))),
        training=True,
    )
    assert calls == []


def test_inference_goes_through_the_program_of_keras(monkeypatch):
    calls = own_calls(monkeypatch)
    gradients(both_layers(dtype="mixed_bfloat16")[0], tf.constant(activations((2, 6, 6, 32))))
    assert calls == []


@pytest.mark.parametrize("stride, padding", [(1, "same"), (2, "valid")])
def test_the_batch_size_may_be_unknown(stride, padding, monkeypatch):
    calls = own_calls(monkeypatch)
    layer, of_keras = both_layers(
        strides=stride, padding=padding, use_bias=False, dtype="mixed_bfloat16"
    )

    def kernel_gradient(layer, x, **kwargs):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(tf.sin(tf.cast(layer(x, **kwargs), "float32")))
        return tape.gradient(total, layer.trainable_variables[0])

    program = tf.function(
        lambda x: kernel_gradient(layer, x, training=True),
        input_signature=[tf.TensorSpec([None, 5, 5, 32])],
    )
    for batch in (1, 4):
        x = tf.constant(activations((batch, 5, 5, 32)))
        expected = kernel_gradient(of_keras, x).numpy()
        limit = 2**-7 * np.abs(expected).max()
        np.testing.assert_allclose(program(x), expected, atol=limit)
    assert calls == [(None, 5, 5, 32)]


def test_gradients_add_up_over_the_parts_of_a_while_loop():
    layer, _ = both_layers(padding="same", use_bias=False, dtype="mixed_bfloat16")
    x = tf.constant(activations((6, 5, 3, 32)))

    @tf.function
    def in_parts():
        def body(start, total):
            with tf.GradientTape() as tape:
                y = tf.cast(layer(x[start : start + 2], training=True), "float32")
                value = tf.reduce_sum(tf.sin(y))
            return start + 2, total + tape.gradient(value, layer.trainable_variables[0])

        return tf.while_loop(lambda start, _: start < 6, body, [0, tf.zeros([3, 3, 32, 5])])[1]

    with tf.GradientTape() as tape:
        value = tf.reduce_sum(tf.sin(tf.cast(layer(x), "float32")))
    expected = tape.gradient(value, layer.trainable_variables[0]).numpy()
    # Each of the three parts is rounded once more.
    limit = 3 * 2**-7 * np.abs(expected).max()
    np.testing.assert_allclose(in_parts(), expected, atol=limit)


def test_repeated_gradients_are_equal_to_the_bit():
    layer, _ = both_layers(padding="same", dtype="mixed_bfloat16")
    x = tf.constant(activations((64, 6, 6, 32)))
    program = tf.function(lambda: gradients(layer, x, training=True)[1:])
    first = program()
    for _ in range(5):
        for found, expected in zip(program(), first, strict=True):
            np.testing.assert_array_equal(found, expected)


def test_config_and_weight_names_are_those_of_keras():
    own, of_keras = both_layers(strides=2, padding="valid", name="conv7", use_bias=False)
    assert own.get_config() == of_keras.get_config()
    assert [w.path for w in own.weights] == [w.path for w in of_keras.weights]


def test_a_saved_layer_gives_the_same_output(tmp_path):
    layer, _ = both_layers(padding="same")
    model = keras.Sequential([keras.Input((6, 6, 32)), layer])
    model.save(tmp_path / "layer.keras")
    loaded = keras.models.load_model(tmp_path / "layer.keras")
    assert isinstance(loaded.layers[0], Convolution)
    x = activations((2, 6, 6, 32))
    np.testing.assert_array_equal(loaded(x), model(x))


def test_the_late_stages_of_an_encoder_use_it_for_small_views(monkeypatch):
    calls = own_calls(monkeypatch)
    encoder = build_encoder("resnet10", image_size=32, width=0.25, mixed_precision="bfloat16")
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(encoder(np.zeros((2, 24, 24, 3), "uint8"), training=True))
    tape.gradient(total, encoder.trainable_variables)
    # Stages 3 (6×6, 64 channels) and 4 (3×3, 128), each behind a padded convolution of stride 2.
    expected = [(2, 14, 14, 32), (2, 6, 6, 64), (2, 8, 8, 64), (2, 3, 3, 128)]
    assert sorted(calls) == sorted(expected)
