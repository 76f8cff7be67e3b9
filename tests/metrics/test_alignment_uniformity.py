import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.metrics import alignment, uniformity


def unit(z):
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def loop_alignment(z_a, z_b, alpha):
    distances = [np.linalg.norm(a - b) for a, b in zip(unit(z_a), unit(z_b), strict=True)]
    return sum(distance**alpha for distance in distances) / len(distances)


def loop_uniformity(z, t):
    z = unit(z.astype("float64"))
    kernels = [math.exp(-t * np.sum((z[i] - z[j]) ** 2)) for i in range(len(z)) for j in range(i)]
    return math.log(sum(kernels) / len(kernels))


SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 8), st.floats(0.5, 4))
def test_alignment_equals_a_plain_loop(seed, pictures, alpha):
    z_a, z_b = np.random.default_rng(seed).normal(size=(2, pictures, 4)).astype("float32")
    result = float(alignment(z_a, 5 * z_b, alpha))
    assert result == pytest.approx(loop_alignment(z_a, z_b, alpha), rel=1e-4)


def test_alignment_of_a_right_angle_and_of_opposite_views():
    # squared distances: 2 - 2 * 0 = 2 and 2 - 2 * -1 = 4, mean 3; plain distances: (sqrt 2 + 2) / 2
    z_a = np.array([[1.0, 0.0], [0.0, 2.0]])
    z_b = np.array([[0.0, 3.0], [0.0, -1.0]])
    assert float(alignment(z_a, z_b)) == pytest.approx(3.0)
    assert float(alignment(z_a, z_b, alpha=1)) == pytest.approx((math.sqrt(2) + 2) / 2)


def test_alignment_of_coinciding_views_is_0():
    assert float(alignment(np.eye(3), 2 * np.eye(3))) == 0.0


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(2, 8), st.floats(0.1, 5))
def test_uniformity_equals_a_plain_loop_over_pairs(seed, rows, t):
    z = np.random.default_rng(seed).normal(size=(rows, 4)).astype("float32")
    result = float(uniformity(7 * z, t))
    assert result == pytest.approx(loop_uniformity(z, t), rel=1e-4, abs=1e-5)


def test_uniformity_of_coinciding_embeddings_is_0():
    assert float(uniformity(np.ones((5, 3)))) == pytest.approx(0.0, abs=1e-5)


def test_uniformity_of_an_orthonormal_basis():
    # every pair has the squared distance 2: log exp(-2 * 2) = -4
    assert float(uniformity(np.eye(4))) == pytest.approx(-4.0)


def test_uniformity_of_two_opposite_points_with_a_sharp_kernel_does_not_underflow():
    # log exp(-50 * 4) = -200, while exp(-200) is 0 in float32
    assert float(uniformity(np.array([[1.0], [-1.0]]), t=50.0)) == pytest.approx(-200.0)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_long_and_zero_vectors_of_any_precision_give_finite_float32(dtype):
    z = tf.cast([[300.0, 300.0], [0.0, 0.0], [1e-3, 0.0]], dtype)
    for result in (alignment(z, tf.reverse(z, [0])), uniformity(z)):
        assert result.dtype == tf.float32
        assert result.shape == ()
        assert np.isfinite(float(result))


def test_the_batch_size_may_be_unknown_when_traced():
    traced = tf.function(uniformity, input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    z = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    assert float(traced(z)) == pytest.approx(loop_uniformity(z, 2.0), rel=1e-4)


def test_an_alpha_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="`alpha` must be greater than 0. Received: alpha=0"):
        alignment(np.eye(2), np.eye(2), alpha=0)


def test_a_t_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="`t` must be greater than 0. Received: t=-1"):
        uniformity(np.eye(2), t=-1)


@pytest.mark.parametrize("shape", [(1, 3), (4,)])
def test_uniformity_without_pairs_is_refused(shape):
    with pytest.raises(ValueError, match="`z` must have shape .M, d. with at least 2 rows. Rec"):
        uniformity(np.ones(shape))
