"""The exchange between replicas, against plain NumPy on the whole batch."""

import json

import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import RandomGaussianNoise
from simclr_tf.distribution import gather_rows, replica_count, sum_over_replicas
from simclr_tf.distribution.replicas import draw_for_own_rows, share_of_loss, take_own_rows
from simclr_tf.losses import nt_xent, sup_con
from simclr_tf.metrics import positive_ranks, uniformity
from tests.distribution.conftest import finish, start
from tests.distribution.replica_program import (
    BLOCK_SIZES,
    GAMMA,
    LABELS,
    ROWS,
    SIZE,
    TEMPERATURE,
    pair_loss,
)


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).normal(size=(ROWS, SIZE)).astype("float32")


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(1).uniform(0, 255, (ROWS, 4, 4, 3)).astype("float32")


@pytest.fixture(scope="module", params=[2, 3])
def replicas(request):
    return request.param


@pytest.fixture(scope="module")
def found(replicas):
    output, _ = finish([start(["-m", "tests.distribution.replica_program", str(replicas)])])
    return json.loads(output.splitlines()[-1])


def test_every_replica_gathers_the_whole_batch_in_order(found, rows, replicas):
    assert len(found["gathered"]) == replicas
    for gathered in found["gathered"]:
        np.testing.assert_array_equal(np.float32(gathered), rows)


def test_gathered_labels_keep_all_their_digits(found):
    for labels in found["labels"]:
        assert labels == [2**24 + number for number in range(ROWS)]


def test_every_replica_has_the_sum(found, rows):
    np.testing.assert_allclose(found["sums"], rows.sum(), rtol=1e-5)


def test_gradients_flow_back_to_the_replica_that_a_row_is_from(found, rows, replicas):
    whole = tf.constant(rows)
    with tf.GradientTape() as tape:
        tape.watch(whole)
        loss = pair_loss(whole)
    expected = tape.gradient(loss, whole).numpy()
    for number, gradient in enumerate(found["gradients"]):
        np.testing.assert_allclose(gradient, expected[number::replicas], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("block_size", BLOCK_SIZES)
@pytest.mark.parametrize("name", ["nt_xent", "sup_con"])
def test_a_loss_in_shares_is_that_of_one_device_and_so_is_its_gradient(
    found, rows, name, block_size
):
    whole = tf.constant(rows)
    with tf.GradientTape() as tape:
        tape.watch(whole)
        if name == "nt_xent":
            loss = nt_xent(*tf.split(whole, 2), TEMPERATURE)
        else:
            loss = sup_con(whole, tf.constant(LABELS), TEMPERATURE)
    expected = tape.gradient(loss, whole).numpy()
    for value, *gradient in found["losses_in_shares"][f"{name}_{block_size}"]:
        assert value == pytest.approx(float(loss), rel=1e-6)
        np.testing.assert_allclose(np.reshape(gradient, rows.shape), expected, atol=1e-6)


def test_metrics_in_shares_are_those_of_one_device(found, rows, replicas):
    expected = [*positive_ranks(*np.split(rows, 2)).numpy(), float(uniformity(rows))]
    assert len(found["metrics_in_shares"]) == 2 * replicas
    for values in found["metrics_in_shares"]:
        np.testing.assert_allclose(values, expected, rtol=1e-5)


def test_draws_are_those_of_the_whole_batch(found):
    expected = tf.random.stateless_uniform([ROWS, SIZE], [1, 2]).numpy()
    np.testing.assert_array_equal(np.float32(found["draws"]), expected)


def test_noise_falls_on_the_pictures_it_would_fall_on(found, pictures):
    noise = RandomGaussianNoise((1.0, 20.0), probability=0.6)
    expected = noise.transform(tf.constant(pictures), tf.constant([3, 4])).numpy()
    assert 0 < np.sum(np.any(expected != pictures, axis=(1, 2, 3))) < ROWS
    np.testing.assert_allclose(found["noisy"], expected, atol=1e-4)


def test_statistics_are_taken_over_all_replicas(found, pictures):
    values = pictures.astype(np.float64) + 500
    mean, variance = values.mean(axis=(0, 1, 2)), values.var(axis=(0, 1, 2))
    expected = (values - mean) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(found["normalized"], expected, atol=1e-3)
    moving_mean, moving_variance = found["moving"]
    # New layers start at 0 and 1; momentum .9.
    np.testing.assert_allclose(moving_mean, 0.1 * mean, rtol=1e-5)
    np.testing.assert_allclose(moving_variance, 0.9 + 0.1 * variance, rtol=1e-4)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("mixed_bfloat16", 2e-2)])
def test_normalised_pictures_have_the_gradients_of_the_whole_batch(
    found, pictures, dtype, tolerance
):
    # y = γ n + β with n = (x − μ) / σ over M values a channel; of Σ u y:
    # dγ = Σ u n, dβ = Σ u, dx = γ / σ (u − Σ u / M − n Σ u n / M) (Ioffe and Szegedy, section 3).
    upstream = np.random.default_rng(2).normal(size=pictures.shape).astype("float32")
    values = pictures.astype(np.float64)
    deviation = np.sqrt(values.var(axis=(0, 1, 2)) + 1e-5)
    normal = (values - values.mean(axis=(0, 1, 2))) / deviation
    count = ROWS * 4 * 4
    sums, products = (part.sum(axis=(0, 1, 2)) for part in (upstream, upstream * normal))
    through = upstream - sums / count - normal * products / count
    dx, weights = found["normalization_gradients"][dtype]
    np.testing.assert_allclose(np.multiply(dx, deviation), GAMMA * through, atol=tolerance)
    np.testing.assert_allclose(weights[:SIZE], products, rtol=tolerance, atol=tolerance * 10)
    np.testing.assert_allclose(weights[SIZE:], sums, rtol=tolerance, atol=tolerance * 10)


def test_an_update_is_by_the_sum_of_the_gradients(found, rows):
    np.testing.assert_allclose(found["plain"][0], 1 - rows.sum(axis=0), rtol=1e-5)


def test_the_sum_is_clipped_and_not_its_parts(found, rows):
    total = rows.sum(axis=0)
    assert np.linalg.norm(total) > 0.5
    expected = 1 - total * 0.5 / np.linalg.norm(total)
    np.testing.assert_allclose(found["clipped"][0], expected, rtol=1e-5)


def test_scaled_gradients_are_scaled_back(found, rows):
    values, scale = found["scaled"]
    # The initial scale is 4.
    np.testing.assert_allclose(values, 1 - rows.sum(axis=0) / 4, rtol=1e-5)
    assert scale == 4.0


@pytest.mark.parametrize("name", ["broken", "broken_clipped"])
def test_an_infinity_on_one_replica_skips_the_step_on_all(found, name):
    values, scale = found[name]
    assert values == [1.0] * SIZE
    assert scale == 2.0


# === One device ===


def test_outside_of_a_strategy_there_is_one_replica():
    assert replica_count() == 1


def test_with_one_replica_everything_is_returned_as_it_is(rows):
    rows = tf.constant(rows)
    for function in (gather_rows, sum_over_replicas, take_own_rows, share_of_loss):
        assert function(rows) is rows


def test_with_one_replica_the_shape_is_drawn_as_it_is():
    assert draw_for_own_rows(lambda shape: shape, [2, 5], axis=1) == [2, 5]
