"""Our losses against pytorch-metric-learning and lightly; see make_metric_learning_golden.py."""

import pathlib

import numpy as np
import pytest

from simclr_tf.losses import nt_xent, triplet

GOLDEN = np.load(pathlib.Path(__file__).parent / "golden" / "metric_learning.npz")
every_batch = pytest.mark.parametrize("batch", ["two_views", "unequal", "singletons", "larger"])
every_margin = pytest.mark.parametrize("margin", [0.2, 1.0])
every_distance = pytest.mark.parametrize("distance", ["euclidean", "squared_euclidean", "cosine"])


def assert_same(loss, batch, key):
    np.testing.assert_allclose(loss, GOLDEN[f"{batch}/{key}"], rtol=2e-5, atol=1e-6)


def batch_of(name):
    return GOLDEN[f"{name}/z"], GOLDEN[f"{name}/labels"]


@every_batch
@every_distance
@every_margin
@pytest.mark.parametrize("mean", ["mean", "nonzero"])
def test_all_triplets_cost_the_same(batch, distance, margin, mean):
    z, labels = batch_of(batch)
    loss = triplet(z, labels, margin, "all", distance, nonzero_mean=mean == "nonzero")
    assert_same(loss, batch, f"triplet/{distance}/{margin}/{mean}")


@every_batch
@every_distance
def test_all_soft_triplets_cost_the_same(batch, distance):
    z, labels = batch_of(batch)
    loss = triplet(z, labels, mining="all", distance=distance, soft=True)
    assert_same(loss, batch, f"triplet_soft/{distance}")


@every_batch
@every_distance
@every_margin
def test_hard_triplets_cost_the_same_with_singletons_too(batch, distance, margin):
    z, labels = batch_of(batch)
    assert_same(triplet(z, labels, margin, "hard", distance), batch, f"hard/{distance}/{margin}")


@pytest.mark.parametrize("temperature", [0.07, 0.1, 0.5])
def test_nt_xent_costs_the_same(temperature):
    loss = nt_xent(GOLDEN["nt_xent/z_a"], GOLDEN["nt_xent/z_b"], temperature)
    np.testing.assert_allclose(loss, GOLDEN[f"nt_xent/{temperature}"], rtol=1e-5, atol=2e-6)
