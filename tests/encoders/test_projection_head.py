import keras
import numpy as np
import pytest

from simclr_tf.encoders import build_projection_head


def features(count=6, size=10):
    return np.random.default_rng(0).normal(size=(count, size)).astype("float32")


@pytest.mark.parametrize("precision", ["none", "bfloat16", "float16"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_projections_are_float32_of_the_size_asked_for(depth, precision):
    head = build_projection_head(10, depth=depth, output=7, mixed_precision=precision)
    projections = head(features(), training=True)
    assert projections.shape == (6, 7)
    assert projections.dtype == "float32"
    assert {weight.dtype for weight in head.weights} == {"float32"}


@pytest.mark.parametrize(
    "depth, hidden, expected",
    [
        (1, None, [(10, 4)]),
        (2, None, [(10, 10), (10, 4)]),
        (3, 5, [(10, 5), (5, 5), (5, 4)]),
    ],
)
def test_dense_layers_have_the_sizes_asked_for(depth, hidden, expected):
    head = build_projection_head(10, depth=depth, hidden=hidden, output=4)
    dense = [layer for layer in head.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.kernel.shape for layer in dense] == expected


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_relu_stands_between_dense_layers_but_not_after_the_last(depth):
    head = build_projection_head(10, depth=depth, output=4)
    assert sum(isinstance(layer, keras.layers.ReLU) for layer in head.layers) == depth - 1
    assert head(features(), training=True).numpy().min() < 0


def test_batch_normalization_centres_every_projection():
    projections = build_projection_head(10, output=4)(features(), training=True).numpy()
    np.testing.assert_allclose(projections.mean(0), np.zeros(4), atol=1e-5)
    np.testing.assert_allclose(projections.std(0), np.ones(4), atol=1e-2)


def test_without_batch_normalization_the_head_is_two_dense_layers():
    head = build_projection_head(10, hidden=5, output=4, batch_normalization=False)
    first, bias, second = head.get_weights()
    expected = np.maximum(features() @ first + bias, 0) @ second
    np.testing.assert_allclose(head(features(), training=True), expected, rtol=1e-4, atol=1e-5)


def test_a_saved_head_gives_identical_projections(tmp_path):
    head = build_projection_head(10, depth=3)
    head(features(), training=True)
    head.save(tmp_path / "head.keras")
    loaded = keras.models.load_model(tmp_path / "head.keras")
    np.testing.assert_array_equal(loaded(features()), head(features()))


@pytest.mark.parametrize("name", ["features", "depth", "output", "hidden"])
def test_numbers_below_one_are_refused(name):
    with pytest.raises(ValueError, match=f"`{name}` must be at least 1. Received: {name}=0"):
        build_projection_head(**{"features": 10, "hidden": 5, name: 0})


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="`mixed_precision` must be one of: none, bfloat16"):
        build_projection_head(10, mixed_precision="float8")
