"""Several replicas do what one device does: losses of 20 steps, weights and metrics."""

import numpy as np
import pytest

from tests.distribution.conftest import CASES


def assert_same(found, expected, case):
    # float16 rounds the activations: what float32 does to the last digit it does much sooner.
    tolerance = 2e-2 if case == "float16" else 1e-6
    for name in ("losses", "weights", "metrics"):
        np.testing.assert_allclose(
            found[f"{case}.{name}"], expected[f"{case}.{name}"], rtol=tolerance, atol=tolerance
        )


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_two_replicas_of_one_process_are_one_device(trained, case):
    assert_same(trained("mirrored", 2), trained("none", 0), case)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_two_workers_are_one_device(trained, case):
    assert_same(trained("multi_worker", 2), trained("none", 0), case)


@pytest.mark.slow
def test_four_workers_are_one_device(trained):
    found = trained("multi_worker", 4, ("simclr",))
    assert_same(found, trained("none", 0), "simclr")


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_losses_that_are_compared_change_from_step_to_step(trained, case):
    losses = trained("none", 0)[f"{case}.losses"]
    assert len(losses) == 20
    assert np.isfinite(losses).all()
    assert np.ptp(losses) > 1e-2
