import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.protocols import time_limit
from simclr_tf.protocols.time_limit import epochs_within


@pytest.fixture
def a_second_a_step(monkeypatch):
    """Measures every step as one second, whatever the model."""
    monkeypatch.setattr(time_limit, "_seconds_a_step", lambda model, batches: 1.0)


def not_to_be_measured():
    raise AssertionError("a plan that exists must be kept")


@pytest.mark.parametrize(
    ("minutes", "steps_per_epoch", "expected"),
    [
        # 10 minutes are 600 steps of a second, of which 92 % are used: 552.
        (10, 100, (5, 100)),
        (10, 552, (1, 552)),
        # Not even one epoch fits: a shorter one.
        (10, 553, (1, 552)),
        # 0.6 seconds are less than one step.
        (0.01, 100, (1, 1)),
    ],
)
def test_whole_epochs_fill_the_time(a_second_a_step, tmp_path, minutes, steps_per_epoch, expected):
    planned = epochs_within(minutes, tmp_path / "plan.json", steps_per_epoch, lambda: (None, None))
    assert planned == expected


def test_a_resumed_run_keeps_its_plan(tmp_path):
    plan_file = tmp_path / "plan.json"
    plan_file.write_text(json.dumps({"epochs": 7, "steps_per_epoch": 3, "batch_size": 8}))
    assert epochs_within(10, plan_file, 100, not_to_be_measured) == (7, 3)


@pytest.mark.parametrize("epochs", ["7", None, 0, -1, 2.5, True])
def test_a_damaged_plan_is_named(tmp_path, epochs):
    plan_file = tmp_path / "plan.json"
    plan_file.write_text(json.dumps({"epochs": epochs, "steps_per_epoch": 3}))
    with pytest.raises(ValueError, match="plan.json' must hold whole numbers `epochs` and"):
        epochs_within(10, plan_file, 100, not_to_be_measured)


def test_a_slower_model_gets_fewer_epochs(monkeypatch, tmp_path):
    def planned(seconds):
        monkeypatch.setattr(time_limit, "_seconds_a_step", lambda model, batches: seconds)
        return epochs_within(1, tmp_path / "plan.json", 1, lambda: (None, None))

    # 60 seconds · 0.92 / 0.5 and / 2, rounded down.
    assert planned(0.5) == (110, 1)
    assert planned(2.0) == (27, 1)


def test_measuring_changes_neither_weights_nor_optimizer(tmp_path):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5, seed=1),
            keras.layers.Dense(2),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    before = [variable.numpy() for variable in variables]
    generator = np.random.default_rng(0)
    batches = tf.data.Dataset.from_tensor_slices(
        (
            generator.normal(size=(4, 8, 4)).astype(np.float32),
            generator.integers(0, 2, (4, 8)),
        )
    )
    steps = []
    model_and_batches = (model, batches.map(lambda *batch: batch))
    keras_train = model.train_on_batch
    model.train_on_batch = lambda *batch: steps.append(1) or keras_train(*batch)
    epochs, steps_per_epoch = epochs_within(
        1, tmp_path / "plan.json", 10, lambda: model_and_batches
    )
    assert len(steps) == 4
    assert epochs >= 1 and 1 <= steps_per_epoch <= 10
    for variable, value in zip(variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value, err_msg=variable.path)
