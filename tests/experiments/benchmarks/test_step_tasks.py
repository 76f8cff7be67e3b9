"""The tasks that train, in this process and with a network of one convolution."""

import keras
import pytest

from experiments.benchmarks.ours import gradient_caching, input, training, waiting

NETWORK = {"encoder": "resnet10", "width": 0.125, "image_size": 8, "batch_size": 8}


@pytest.fixture(autouse=True)
def tiny_encoder(monkeypatch):
    def build_encoder(name, **_):
        layers = [keras.layers.Conv2D(4, 3, strides=2), keras.layers.Flatten(dtype="float32")]
        return keras.Sequential([keras.Input((8, 8, 3)), *layers], name=name)

    monkeypatch.setattr(training, "build_encoder", build_encoder)


@pytest.mark.parametrize("microbatch_size", [0, 4])
def test_the_memory_of_a_step_is_a_number_of_mebibytes(microbatch_size):
    run = gradient_caching.peak_memory(**NETWORK, microbatch_size=microbatch_size)
    assert 0 <= run(1) < 1000


@pytest.mark.parametrize("on_disk", [False, True])
def test_a_step_waits_for_its_pictures_and_works(on_disk):
    waited = waiting.waited(**NETWORK, on_disk=on_disk)(2)
    worked = waiting.worked(**NETWORK, on_disk=on_disk)(2)
    assert 0 < waited < 60 and 0 < worked < 60


def test_ten_times_the_pictures_take_memory():
    assert abs(input.memory_growth(**NETWORK, pictures=16)(1)) < 1000
