import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.losses import NTXent, nt_xent


def loop_nt_xent(z_a, z_b, temperature):
    """Equation 1 of SimCLR, term by term in double precision."""
    z = np.concatenate([z_a, z_b]).astype("float64")
    count = len(z)

    def similarity(i, j):
        return z[i] @ z[j] / (np.linalg.norm(z[i]) * np.linalg.norm(z[j])) / temperature

    total = 0.0
    for i in range(count):
        others = sum(np.exp(similarity(i, k)) for k in range(count) if k != i)
        positive = (i + count // 2) % count
        total += -np.log(np.exp(similarity(i, positive)) / others)
    return total / count


def random_views(pictures, size, noise=0.7, seed=0):
    generator = np.random.default_rng([seed, pictures, size])
    z_a = generator.normal(size=(pictures, size))
    z_b = z_a + noise * generator.normal(size=z_a.shape)
    return z_a.astype("float32"), 5 * z_b.astype("float32")


def value_and_gradients(z_a, z_b, temperature):
    z_a, z_b = tf.Variable(z_a), tf.Variable(z_b)
    with tf.GradientTape() as tape:
        loss = nt_xent(z_a, z_b, temperature)
    return loss.numpy(), [gradient.numpy() for gradient in tape.gradient(loss, [z_a, z_b])]


@pytest.mark.parametrize("temperature", [0.05, 0.1, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("pictures, size", [(1, 3), (2, 1), (3, 8), (8, 2), (17, 128)])
def test_the_loss_equals_a_plain_loop_over_equation_1(pictures, size, temperature):
    z_a, z_b = random_views(pictures, size)
    expected = loop_nt_xent(z_a, z_b, temperature)
    np.testing.assert_allclose(nt_xent(z_a, z_b, temperature), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("temperature", [0.05, 0.5])
def test_the_gradient_equals_the_slope_of_the_plain_loop(temperature):
    z_a, z_b = random_views(3, 2)
    _, (gradient, _) = value_and_gradients(z_a, z_b, temperature)
    slope = np.zeros_like(z_a, "float64")
    for place in np.ndindex(*z_a.shape):
        step = np.zeros_like(slope)
        step[place] = 1e-5
        above = loop_nt_xent(z_a + step, z_b, temperature)
        below = loop_nt_xent(z_a - step, z_b, temperature)
        slope[place] = (above - below) / 2e-5
    np.testing.assert_allclose(gradient, slope, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("temperature", [0.05, 0.1, 1.0])
@pytest.mark.parametrize("pictures", [1, 2, 5, 64])
def test_identical_embeddings_give_the_logarithm_of_the_candidates(pictures, temperature):
    # Each row sees 2N - 1 candidates that are all alike: -ln(1 / (2N - 1)).
    z = np.tile(np.float32([[3.0, -4.0, 1.0]]), (pictures, 1))
    expected = np.log(2 * pictures - 1)
    np.testing.assert_allclose(nt_xent(z, z, temperature), expected, rtol=1e-5, atol=1e-5)


def test_two_orthogonal_pictures_by_hand():
    # Each row: positive 1 / .5 = 2, two negatives 0: -2 + ln(e^2 + 2).
    z = np.eye(2, dtype="float32")
    np.testing.assert_allclose(nt_xent(z, z, 0.5), -2 + np.log(np.exp(2) + 2), rtol=1e-6)


def test_the_views_may_be_exchanged():
    z_a, z_b = random_views(9, 16)
    np.testing.assert_allclose(nt_xent(z_a, z_b, 0.1), nt_xent(z_b, z_a, 0.1), atol=1e-5)


def test_the_lengths_of_the_embeddings_do_not_matter():
    z_a, z_b = random_views(5, 8)
    lengths = np.float32([[1e-3], [0.1], [1], [1e4], [1e8]])
    np.testing.assert_allclose(nt_xent(lengths * z_a, z_b), nt_xent(z_a, z_b), rtol=1e-5)


@pytest.mark.parametrize("temperature", [0.05, 1.0])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("scale", [0.0, 1.0, 6e4])
def test_value_and_gradients_are_finite_in_every_precision(dtype, scale, temperature):
    z_a, z_b = random_views(4, 8)
    z_a = z_a / np.abs(z_a).max() * scale
    z_a[0] = 0
    loss, gradients = value_and_gradients(tf.cast(z_a, dtype), tf.cast(z_b, dtype), temperature)
    assert loss.dtype == np.float32
    assert np.isfinite(loss)
    # The gradient goes back in the precision of the projections.
    assert all(np.isfinite(gradient.astype("float32")).all() for gradient in gradients)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_loses_only_the_rounding_of_its_inputs(dtype):
    z_a, z_b = (tf.cast(z, dtype) for z in random_views(6, 32))
    rounded = [tf.cast(z, "float32").numpy() for z in (z_a, z_b)]
    expected = loop_nt_xent(*rounded, 0.05)
    np.testing.assert_allclose(nt_xent(z_a, z_b, 0.05), expected, atol=1e-5)


@pytest.mark.parametrize("scale", [1e14, 1e25, 3e38])
def test_huge_float32_embeddings_give_the_same_loss_and_finite_gradients(scale):
    z_a, z_b = random_views(4, 8)
    huge = z_a / np.abs(z_a).max() * np.float32(scale)
    loss, gradients = value_and_gradients(huge, z_b, 0.05)
    np.testing.assert_allclose(loss, nt_xent(z_a, z_b, 0.05), atol=1e-5)
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_all_embeddings_at_zero_give_the_loss_of_a_collapse():
    zeros = np.zeros((4, 8), "float32")
    loss, gradients = value_and_gradients(zeros, zeros, 0.1)
    assert loss == pytest.approx(np.log(7))
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_the_number_of_pictures_may_be_unknown_while_tracing():
    traced = tf.function(nt_xent, input_signature=[tf.TensorSpec([None, 8])] * 2)
    z_a, z_b = random_views(5, 8)
    np.testing.assert_allclose(traced(z_a, z_b), nt_xent(z_a, z_b), rtol=1e-6)


@pytest.mark.parametrize("temperature", [0, 0.0, -0.1, float("nan")])
def test_a_temperature_that_is_not_positive_is_refused(temperature):
    z = np.ones((2, 3), "float32")
    with pytest.raises(ValueError, match=r"`temperature` must be greater than 0. Received"):
        nt_xent(z, z, temperature)
    with pytest.raises(ValueError, match=r"`temperature` must be greater than 0. Received"):
        NTXent(temperature)


@pytest.mark.parametrize(
    "a, b",
    [((2, 3), (2, 4)), ((4, 3), (2, 3)), ((4, 3), (1, 3)), ((3,), (3,)), ((2, 3, 1), (2, 3, 1))],
)
def test_views_of_other_shapes_are_refused(a, b):
    with pytest.raises(ValueError, match=r"`z_a` and `z_b` must both have the shape \[N, k\]"):
        nt_xent(np.ones(a, "float32"), np.ones(b, "float32"))


def test_the_keras_loss_gives_the_value_of_the_function():
    z_a, z_b = random_views(5, 8)
    np.testing.assert_array_equal(NTXent(0.2)(z_a, z_b), nt_xent(z_a, z_b, 0.2))


def test_the_keras_loss_keeps_its_arguments_when_serialised():
    loss = NTXent(temperature=0.37, name="contrast")
    config = loss.get_config()
    assert config["temperature"] == 0.37
    assert config["name"] == "contrast"
    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(copy, NTXent)
    assert (copy.temperature, copy.name) == (0.37, "contrast")
