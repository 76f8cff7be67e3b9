import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.losses import NTXent, nt_xent
from simclr_tf.losses.blockwise import DEFAULT_BLOCK_SIZE, PLAIN_ROWS, log_sum_exp_of_others

# The second is beyond the bound up to which exponentials need no shift.
TEMPERATURES = [0.1, 0.01]


def unit_vectors(rows, size, seed=0):
    z = np.random.default_rng([seed, rows, size]).normal(size=(rows, size))
    return (z / np.linalg.norm(z, axis=1, keepdims=True)).astype("float32")


def plain_log_sums(z, temperature):
    """The definition, row by row in double precision."""
    z = z.astype("float64")
    log_sums = []
    for i in range(len(z)):
        others = np.array([z[i] @ z[j] / temperature for j in range(len(z)) if j != i])
        log_sums.append(others.max() + np.log(np.sum(np.exp(others - others.max()))))
    return np.array(log_sums)


def plain_gradient(z, temperature, upstream):
    """d/dz_i of Σ_r u_r L_r: Σ_{j≠i} (u_i p_ij + u_j p_ji) z_j / T, in double precision."""
    log_sums = plain_log_sums(z, temperature)
    z = z.astype("float64")
    gradient = np.zeros_like(z)
    for i in range(len(z)):
        for j in range(len(z)):
            if j != i:
                s = z[i] @ z[j] / temperature
                weight = upstream[i] * np.exp(s - log_sums[i])
                weight += upstream[j] * np.exp(s - log_sums[j])
                gradient[i] += weight * z[j] / temperature
    return gradient


def value_and_gradient(z, temperature, block_size, upstream):
    z = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        log_sums = log_sum_exp_of_others(z, temperature, block_size)
    return log_sums.numpy(), tape.gradient(log_sums, z, upstream).numpy()


@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("rows", [2, 7, 12])
@pytest.mark.parametrize("block_size", [None, 1, 3, 5, 12, 100])
def test_value_and_gradient_equal_the_plain_loops(rows, block_size, temperature):
    z = unit_vectors(rows, 4)
    upstream = np.random.default_rng(rows).normal(size=rows).astype("float32")
    log_sums, gradient = value_and_gradient(z, temperature, block_size, upstream)
    np.testing.assert_allclose(log_sums, plain_log_sums(z, temperature), rtol=1e-5, atol=1e-5)
    expected = plain_gradient(z, temperature, upstream)
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4)


@settings(max_examples=10, deadline=None)
@given(
    pictures=st.integers(1, 20),
    size=st.integers(1, 9),
    block_size=st.integers(1, 50),
    temperature=st.sampled_from([0.015, 0.05, 0.5, 3.0]),
)
def test_nt_xent_is_the_same_with_any_block_size(pictures, size, block_size, temperature):
    # Of length 1: the gradient at a short row is large, and its rounding with it.
    rows = unit_vectors(2 * pictures, size)
    views = [tf.constant(rows[:pictures]), tf.constant(rows[pictures:])]
    results = []
    for blocks in (None, block_size):
        with tf.GradientTape() as tape:
            tape.watch(views)
            loss = nt_xent(*views, temperature, blocks)
        results.append([loss, *tape.gradient(loss, views)])
    for plain, blockwise in zip(*results, strict=True):
        # In the units of the similarities, which the temperature scales.
        tolerance = 1e-5 * max(1.0, 0.1 / temperature)
        np.testing.assert_allclose(blockwise, plain, rtol=1e-5, atol=tolerance)


@pytest.mark.parametrize("temperature", [0.05, 1e-3])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("scale", [0.0, 1.0, 6e4])
def test_blocks_are_finite_in_every_precision(dtype, scale, temperature):
    z = scale * unit_vectors(8, 8)
    z[[0, 5]] = 0
    views = [tf.cast(part, dtype) for part in (z[:4], z[4:])]
    with tf.GradientTape() as tape:
        tape.watch(views)
        loss = nt_xent(*views, temperature, block_size=3)
    assert loss.dtype == "float32"
    assert np.isfinite(loss)
    for gradient in tape.gradient(loss, views):
        assert np.isfinite(tf.cast(gradient, "float32")).all()


@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("block_size", [None, 2])
def test_a_row_alone_has_finite_results(block_size, temperature):
    log_sums, gradient = value_and_gradient(
        unit_vectors(1, 3), temperature, block_size, np.zeros(1, "float32")
    )
    assert np.isfinite(log_sums).all()
    np.testing.assert_array_equal(gradient, np.zeros((1, 3)))


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_the_number_of_rows_may_be_unknown_while_tracing(temperature):
    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def traced(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            log_sums = log_sum_exp_of_others(z, temperature, 4)
        return log_sums, tape.gradient(log_sums, z)

    z = unit_vectors(10, 4)
    for found, expected in zip(
        traced(z), value_and_gradient(z, temperature, None, np.ones(10, "float32")), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def largest_tensor(rows, block_size):
    """Elements of the largest tensor that value and gradient of `rows` rows compute."""

    @tf.function
    def value_and_slope(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            log_sums = log_sum_exp_of_others(z, 0.1, block_size)
        return log_sums, tape.gradient(log_sums, z)

    graph = value_and_slope.get_concrete_function(tf.TensorSpec([rows, 4])).graph
    graphs = [graph, *graph._functions.values()] if hasattr(graph, "_functions") else [graph]
    shapes = [
        output.shape
        for each in graphs
        for operation in getattr(each, "graph", each).get_operations()
        for output in operation.outputs
    ]
    return max(shape.num_elements() or 0 for shape in shapes if shape.rank is not None)


def test_many_rows_are_taken_in_blocks_without_being_asked():
    few, many = PLAIN_ROWS, PLAIN_ROWS + 1
    assert largest_tensor(few, None) == few * few
    assert largest_tensor(many, None) < DEFAULT_BLOCK_SIZE * many


def test_the_choice_changes_no_value():
    # One row more than the plain program takes, and no multiple of the block size.
    z = unit_vectors(PLAIN_ROWS + 1, 8)
    chosen = log_sum_exp_of_others(z, 0.1)
    similarities = z.astype("float64") @ z.T.astype("float64") / 0.1
    np.fill_diagonal(similarities, -np.inf)
    np.testing.assert_allclose(chosen, np.log(np.exp(similarities).sum(axis=1)), atol=1e-5)


@pytest.mark.parametrize("block_size", [0, -1])
def test_a_block_size_below_one_is_refused(block_size):
    z = np.ones((2, 3), "float32")
    with pytest.raises(ValueError, match="`block_size` must be at least 1. Received: block_size="):
        nt_xent(z, z, block_size=block_size)
    with pytest.raises(ValueError, match="`block_size` must be at least 1. Received: block_size="):
        NTXent(block_size=block_size)


def test_the_keras_loss_passes_its_block_size_on():
    loss = NTXent(temperature=0.2, block_size=3)
    assert loss.get_config()["block_size"] == 3
    copy = NTXent.from_config(loss.get_config())
    assert copy.block_size == 3
    z_a, z_b = unit_vectors(5, 4, seed=1), unit_vectors(5, 4, seed=2)
    np.testing.assert_array_equal(copy(z_a, z_b), nt_xent(z_a, z_b, 0.2, block_size=3))
