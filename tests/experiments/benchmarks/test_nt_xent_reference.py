import math

import numpy as np
import pytest

from experiments.benchmarks.nt_xent_reference import largest_error

TEMPERATURE = 0.3


def slow_loss(z):
    """Algorithm 1 of the SimCLR paper, in loops."""
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    rows, total = len(z), 0.0
    for i in range(rows):
        scores = [math.exp(z[i] @ z[j] / TEMPERATURE) for j in range(rows) if j != i]
        positive = math.exp(z[i] @ z[(i + rows // 2) % rows] / TEMPERATURE)
        total -= math.log(positive / sum(scores))
    return total / rows


def slow_gradient(z, step=1e-6):
    gradient = np.zeros_like(z)
    for place in np.ndindex(*z.shape):
        for sign in (1, -1):
            moved = z.copy()
            moved[place] += sign * step
            gradient[place] += sign * slow_loss(moved) / (2 * step)
    return gradient


@pytest.fixture(scope="module")
def example():
    z = np.random.default_rng(0).standard_normal((10, 3))
    return z, slow_loss(z), slow_gradient(z)


def test_the_right_loss_and_gradient_have_no_error(example):
    z, loss, gradient = example
    assert largest_error(z[:5], z[5:], TEMPERATURE, loss, gradient) < 1e-6


def test_a_wrong_loss_is_seen(example):
    z, loss, gradient = example
    error = largest_error(z[:5], z[5:], TEMPERATURE, 1.01 * loss, gradient)
    assert error == pytest.approx(0.01, rel=1e-3)


def test_a_wrong_entry_of_the_gradient_is_seen(example):
    z, loss, gradient = example
    wrong = gradient.copy()
    wrong[7, 1] += 0.5 * np.abs(gradient).max()
    assert largest_error(z[:5], z[5:], TEMPERATURE, loss, wrong) == pytest.approx(0.5, rel=1e-3)


def test_a_gradient_that_is_not_finite_is_an_endless_error(example):
    z, loss, gradient = example
    wrong = gradient.copy()
    wrong[0, 0] = np.nan
    assert largest_error(z[:5], z[5:], TEMPERATURE, loss, wrong) == math.inf
