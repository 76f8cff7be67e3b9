import json

import keras
import numpy as np
import pytest

from simclr_tf.runs import SafetySettings
from simclr_tf.training import NonFiniteLoss, TrainingPlan
from tests.training.test_loop import checkpoint_steps, metrics, train_in


class Spoil(keras.callbacks.Callback):
    """Makes a weight NaN before some steps, counted from 1, so that their losses are NaN."""

    def __init__(self, *steps, saved=None):
        super().__init__()
        self.steps, self.step = steps, 0

    def on_train_batch_begin(self, batch, logs=None):
        self.step += 1
        if self.step in self.steps:
            weight = self.model.trainable_variables[0]
            weight.assign(np.full(weight.shape, np.nan))


def plan(non_finite_loss, every_steps=0):
    safety = SafetySettings(non_finite_loss=non_finite_loss)
    return TrainingPlan(4, 3, 8, "val_loss", checkpoint_every_steps=every_steps, safety=safety)


def record(folder):
    return json.loads((folder / "version_0/non_finite_steps.json").read_text())


def test_a_loss_that_is_no_number_stops_and_names_the_pictures(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(NonFiniteLoss, match="Stopped after step 6: the loss is nan. Its pictures"):
        train_in(folder, plan=plan("stop"), callbacks=[Spoil(6)])
    (step,) = record(folder)
    assert (step["step"], step["outcome"]) == (6, "stopped")
    # Steps 5 and 6 are the first two batches of the second epoch, of 32 pictures, seed 5.
    order = [str(row) for row in np.random.default_rng([5, 1]).permutation(32)]
    assert step["pictures_of_the_step_before"] == order[:8]
    assert step["pictures"] == order[8:16]
    assert 0 < step["learning_rate"] <= 0.1


def test_the_last_good_checkpoint_is_kept(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(NonFiniteLoss):
        train_in(folder, plan=plan("stop", every_steps=1), callbacks=[Spoil(7)])
    assert checkpoint_steps(folder)[-1] == 6
    path = folder / "version_0/checkpoints/step_000000006.npz"
    with np.load(path, allow_pickle=False) as arrays:
        assert all(np.isfinite(arrays[name]).all() for name in arrays if ":" not in name)
    assert len(metrics(folder)) == 1


@pytest.mark.parametrize("last", [4, 8])
def test_the_last_step_of_an_epoch_is_looked_at_before_its_row_is_written(tmp_path, last):
    folder = tmp_path / "run"
    with pytest.raises(NonFiniteLoss, match=f"after step {last}"):
        train_in(folder, plan=plan("stop"), callbacks=[Spoil(last)])
    assert len(metrics(folder)) == last // 4 - 1


def test_weights_that_are_no_numbers_are_never_saved(tmp_path):
    class SpoilAfter(Spoil):
        def on_train_batch_begin(self, batch, logs=None):
            self.step += 1

        def on_train_batch_end(self, batch, logs=None):
            if self.step in self.steps:
                weight = self.model.trainable_variables[0]
                weight.assign(np.full(weight.shape, np.inf))

    folder = tmp_path / "run"
    with pytest.raises(NonFiniteLoss, match="the weights are not finite"):
        train_in(folder, plan=plan("stop"), callbacks=[SpoilAfter(8)])
    assert checkpoint_steps(folder) == [4]


def test_a_skipped_step_leaves_no_trace_in_the_weights_and_the_run_ends(tmp_path):
    class Remember(Spoil):
        def on_train_batch_begin(self, batch, logs=None):
            before.append(self.model.trainable_variables[0].numpy())
            super().on_train_batch_begin(batch, logs)

        def on_train_batch_end(self, batch, logs=None):
            after.append(self.model.trainable_variables[0].numpy())

    before, after = [], []
    folder = tmp_path / "run"
    train_in(folder, plan=plan("skip"), callbacks=[Remember(6)])
    np.testing.assert_array_equal(after[5], before[5])
    assert np.any(after[4] != before[4]) and np.any(after[6] != before[6])
    assert [(step["step"], step["outcome"]) for step in record(folder)] == [(6, "skipped")]
    assert all(np.isfinite(float(row["loss"])) for row in metrics(folder))
    assert len(metrics(folder)) == 3


def test_skipping_changes_nothing_where_every_loss_is_a_number(tmp_path):
    first, _ = train_in(tmp_path / "stop", plan=plan("stop"))
    second, _ = train_in(tmp_path / "skip", plan=plan("skip"))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not (tmp_path / "skip/version_0/non_finite_steps.json").exists()


def test_when_every_step_fails_skipping_stops_as_well(tmp_path):
    with pytest.raises(NonFiniteLoss, match="step 11: 10 steps in a row were skipped"):
        train_in(tmp_path / "run", plan=plan("skip"), callbacks=[Spoil(*range(1, 13))])
    assert [step["outcome"] for step in record(tmp_path / "run")] == ["skipped"] * 10 + ["stopped"]


def test_a_run_that_stopped_goes_on_by_skipping(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(NonFiniteLoss):
        train_in(folder, plan=plan("stop"), callbacks=[Spoil(6)])
    # From the checkpoint after step 4: the second step from there is step 6.
    train_in(folder, plan=plan("skip"), callbacks=[Spoil(2)])
    assert [step["outcome"] for step in record(folder)] == ["stopped", "skipped"]
    assert len(metrics(folder)) == 3
