import signal

import keras
import numpy as np
import pytest

from simclr_tf.encoders import FusedBatchNormalization
from simclr_tf.runs import RunFolder
from simclr_tf.training import TrainingPlan, WeightAverage
from tests.training.conftest import make_pictures
from tests.training.test_loop import Act, assert_equal_to, assert_same_arrays, send, train_in

PLAN = TrainingPlan(4, 3, 8, "val_loss", weight_averaging=0.9)


def make_model():
    keras.utils.set_random_seed(0)
    layers = [keras.Input((8, 8, 3)), FusedBatchNormalization(), keras.layers.Flatten()]
    model = keras.Sequential([*layers, keras.layers.Dense(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, jit_compile=False, run_eagerly=True)
    return model


class Watch(keras.callbacks.Callback):
    """Keeps the weights after every step."""

    def on_train_begin(self, logs=None):
        self.weights = [self.model.get_weights()]

    def on_train_batch_end(self, batch, logs=None):
        self.weights.append(self.model.get_weights())


def loop_average(weights, momentum):
    """The recurrence of the docstring, in double precision; `weights[0]` is the start."""
    average = [array.astype("float64") for array in weights[0]]
    for step, arrays in enumerate(weights[1:]):
        m = min(momentum, (1 + step) / (10 + step))
        average = [m * a + (1 - m) * w for a, w in zip(average, arrays, strict=True)]
    return average


@pytest.mark.parametrize("momentum", [0.3, 0.999])
def test_the_average_is_that_of_a_plain_loop(momentum):
    model, watch = make_model(), Watch()
    average = WeightAverage(model, momentum)
    images, labels = make_pictures()
    model.fit(images, labels, batch_size=4, verbose=0, callbacks=[average, watch])
    after = model.get_weights()
    with average.in_place():
        found = model.get_weights()
    # Statistics of batch normalisation are averaged too: gamma, beta, mean, variance, two of Dense.
    assert len(found) == 6
    for a, b, last in zip(found, loop_average(watch.weights, momentum), after, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
        assert not np.array_equal(a, last)


def test_the_weights_come_back_however_the_while_ends():
    model = make_model()
    average = WeightAverage(model, 0.9)
    model.train_on_batch(*make_pictures(8))
    average.on_train_batch_end(0)
    before, state = model.get_weights(), average.state()
    with pytest.raises(RuntimeError, match="stopped"), average.in_place():
        raise RuntimeError("stopped")
    assert_same_arrays(before, model.get_weights())
    assert_same_arrays(state.values(), average.state().values())


def test_validation_sees_the_average():
    model = make_model()
    average = WeightAverage(model, 0.9)
    images, labels = make_pictures()
    history = model.fit(
        images,
        labels,
        batch_size=8,
        verbose=0,
        callbacks=[average],
        validation_data=(images, labels),
    )
    with average.in_place():
        expected = model.evaluate(images, labels, batch_size=8, verbose=0)
    assert history.history["val_loss"][0] == expected


def test_the_state_restores_it():
    model = make_model()
    average = WeightAverage(model, 0.9)
    model.fit(*make_pictures(), batch_size=8, verbose=0, callbacks=[average])
    again = WeightAverage(make_model(), 0.9)
    again.restore(average.state())
    assert again.state().keys() == average.state().keys()
    assert_same_arrays(again.state().values(), average.state().values())


@pytest.mark.parametrize("momentum", [-0.1, 1.5])
def test_a_momentum_out_of_range_is_refused(momentum):
    with pytest.raises(ValueError, match="`weight_averaging` must be between 0 and 1"):
        WeightAverage(make_model(), momentum)


def test_the_average_of_the_best_epoch_is_kept_and_training_goes_on_without_it(tmp_path):
    plain_state, plain = train_in(tmp_path / "plain")
    state, best = train_in(tmp_path / "averaged", plan=PLAN)
    # The model itself, its optimizer and its seeds are those of a training without the average.
    assert_same_arrays(plain_state, state)
    assert not np.array_equal(best[0], plain[0])
    values = [
        [float(row["val_loss"]) for row in RunFolder.resume(tmp_path / name).read_metrics()]
        for name in ("plain", "averaged")
    ]
    assert values[0] != values[1]


@pytest.mark.parametrize("within", [6, 8])
def test_a_stopped_run_goes_on_with_the_same_average(tmp_path, within):
    folder = tmp_path / "whole"
    whole = folder, train_in(folder, plan=PLAN)
    with pytest.raises(KeyboardInterrupt):
        stop = Act(send(signal.SIGINT), within=within)
        train_in(tmp_path / "run", plan=PLAN, callbacks=[stop])
    assert_equal_to(whole, tmp_path / "run", train_in(tmp_path / "run", plan=PLAN, seed=9))
