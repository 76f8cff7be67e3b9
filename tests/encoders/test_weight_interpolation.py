import keras
import numpy as np
import pytest

from simclr_tf.encoders import WeightInterpolation


@pytest.fixture
def network():
    """One weight, which is 2."""
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    network.set_weights([np.full((1, 1), 2.0)])
    return network


def weight(network):
    return float(network.get_weights()[0][0, 0])


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, 10.0), (0.25, 0.25 * 2 + 0.75 * 10), (1.0, 2.0)],
)
def test_the_share_of_the_start_is_kept(network, share, expected):
    mixture = WeightInterpolation(network, share)
    network.set_weights([np.full((1, 1), 10.0)])
    mixture.apply()
    assert weight(network) == pytest.approx(expected)


def test_in_place_is_for_a_while(network):
    mixture = WeightInterpolation(network, 0.5)
    network.set_weights([np.full((1, 1), 10.0)])
    with pytest.raises(RuntimeError, match="stop"), mixture.in_place():
        inside = weight(network)
        raise RuntimeError("stop")
    assert (inside, weight(network)) == (6.0, 10.0)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_that_is_none_is_refused(network, share):
    with pytest.raises(ValueError, match="`start_weight` must be between 0 and 1.*Received"):
        WeightInterpolation(network, share)
