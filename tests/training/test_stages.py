"""Trainings in stages and trainings that end early: `train` with `stages` and `patience`."""

import dataclasses
import signal

import keras
import numpy as np
import pytest

from simclr_tf.data import training_batches
from simclr_tf.optimizers import build_optimizer
from simclr_tf.runs import RunFolder
from simclr_tf.training import TrainingPlan, TrainingStage, train
from tests.training.conftest import make_simclr
from tests.training.test_loop import (
    Act,
    assert_equal_to,
    assert_same_arrays,
    checkpoint_steps,
    crash,
    metrics,
    picture_set,
    send,
    train_in,
)

PLAN = TrainingPlan(steps_per_epoch=4, epochs=3, batch_size=8)


def train_in_stages(
    folder, *, seed=0, callbacks=(), plan=PLAN, loss_scaling=False, epochs=(1, 2), measure=None
):
    """First the head alone, then all; returns what is left, and the optimizers in their order."""
    model = make_simclr(seed, mixed_precision="float16" if loss_scaling else "none")
    everything = model.trainable_variables
    optimizers = []

    def begin(trained):
        model.encoder.trainable = trained
        optimizer = build_optimizer("adam", 0.01, loss_scaling=loss_scaling)
        optimizer.build(everything)
        # Eager, as in test_loop: tracing takes longer than these few steps.
        model.compile(optimizer, jit_compile=False, run_eagerly=not loss_scaling)
        optimizers.append(optimizer)

    stages = [
        TrainingStage(epochs[0], lambda: begin(False)),
        TrainingStage(epochs[1], lambda: begin(True)),
    ]
    pictures = picture_set()
    with RunFolder.resume(folder) if folder.exists() else RunFolder.create(folder, {}) as run:
        best = train(
            model,
            model.encoder,
            lambda start, count: training_batches(
                pictures, 8, 5, start_step=start, num_steps=count
            ),
            plan,
            run,
            measure=measure,
            callbacks=callbacks,
            stages=stages,
        )
    state = [variable.numpy() for variable in model.optimizer.variables]
    return ([*model.get_weights(), *state], best), optimizers


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stages") / "whole"
    return folder, train_in_stages(folder)[0]


def test_each_stage_trains_what_it_unfreezes_with_an_optimizer_of_its_own(tmp_path):
    seen = []

    def look(batch, logs):
        seen.append((watch.model.encoder.get_weights()[0], int(watch.model.optimizer.iterations)))

    watch = keras.callbacks.LambdaCallback(on_train_batch_end=look)
    _, optimizers = train_in_stages(tmp_path / "run", callbacks=[watch])
    kernels, iterations = zip(*seen, strict=True)
    # One epoch of four steps frozen, then two epochs.
    assert iterations == (1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8)
    assert_same_arrays(kernels[:4], [kernels[0]] * 4)
    assert not np.array_equal(kernels[4], kernels[3])
    assert len(optimizers) == 2
    assert [row["epoch"] for row in metrics(tmp_path / "run")] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "moment, saved",
    [
        ({"within": 2}, 2),
        # In the last step of the first stage: its epoch ends first.
        ({"within": 4}, 4),
        # In the first step of the second stage, and in its second epoch.
        ({"within": 5}, 5),
        ({"within": 10}, 10),
    ],
)
def test_a_stopped_run_goes_on_through_the_boundary_to_the_same_end(whole, tmp_path, moment, saved):
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train_in_stages(folder, callbacks=[Act(send(signal.SIGINT), **moment)])
    assert checkpoint_steps(folder)[-1] == saved
    assert_equal_to(whole, folder, train_in_stages(folder, seed=9)[0])


def test_a_damaged_checkpoint_of_the_second_stage_falls_back_into_the_first(whole, tmp_path):
    folder = tmp_path / "run"
    plan = dataclasses.replace(PLAN, checkpoint_every_steps=3)
    with pytest.raises(RuntimeError, match="out of memory"):
        train_in_stages(folder, plan=plan, callbacks=[Act(crash, step=7)])
    assert checkpoint_steps(folder) == [4, 6]
    (folder / "version_0/checkpoints/step_000000006.npz").write_bytes(b"damaged")
    assert_equal_to(whole, folder, train_in_stages(folder, plan=plan, seed=9)[0])


def test_loss_scaling_resumes_through_the_boundary(tmp_path):
    folder = tmp_path / "whole"
    whole = folder, train_in_stages(folder, loss_scaling=True)[0]
    with pytest.raises(KeyboardInterrupt):
        stop = Act(send(signal.SIGINT), within=6)
        train_in_stages(tmp_path / "run", loss_scaling=True, callbacks=[stop])
    resumed = train_in_stages(tmp_path / "run", loss_scaling=True, seed=9)[0]
    assert_equal_to(whole, tmp_path / "run", resumed)


def test_stages_of_other_epochs_than_the_plan_are_refused(tmp_path):
    with pytest.raises(ValueError, match="`stages` must have the plan's 3 epochs .* Received: 4"):
        train_in_stages(tmp_path / "run", epochs=(2, 2))


def test_a_stage_without_epochs_is_refused():
    with pytest.raises(ValueError, match="`epochs` must be at least 1"):
        TrainingStage(0, lambda: None)


def measured(values, patience):
    """Plan and measure of a training whose epochs are worth these values."""
    left = iter(values)
    plan = TrainingPlan(4, len(values), 8, "val_top_1", "max", patience=patience)
    return {"plan": plan, "measure": lambda: {"val_top_1": next(left)}}


def epochs_done(folder):
    return len(metrics(folder))


def test_training_ends_after_so_many_epochs_without_a_better_one(tmp_path):
    # The best is the second; the third and the fourth are not better.
    train_in(tmp_path / "run", **measured([0.2, 0.6, 0.6, 0.5, 0.9], patience=2))
    assert epochs_done(tmp_path / "run") == 4


def test_a_better_epoch_begins_the_count_anew(tmp_path):
    train_in(tmp_path / "run", **measured([0.2, 0.1, 0.3, 0.2, 0.4], patience=2))
    assert epochs_done(tmp_path / "run") == 5


def test_no_patience_trains_all_epochs(tmp_path):
    train_in(tmp_path / "run", **measured([0.4, 0.3, 0.2, 0.1], patience=0))
    assert epochs_done(tmp_path / "run") == 4


def test_a_run_that_ended_early_does_not_train_again(tmp_path):
    values = [0.4, 0.3, 0.2, 0.1]
    state = train_in(tmp_path / "run", **measured(values, patience=1))
    counter = Act()
    again = train_in(tmp_path / "run", seed=9, callbacks=[counter], **measured(values, patience=1))
    assert (counter.steps, epochs_done(tmp_path / "run")) == (0, 2)
    assert_same_arrays(again[1], state[1])


def test_a_run_stopped_while_it_waits_ends_as_early(tmp_path):
    values = [0.4, 0.3, 0.2, 0.1]
    state = train_in(tmp_path / "whole", **measured(values, patience=2))
    with pytest.raises(KeyboardInterrupt):
        stop = Act(send(signal.SIGINT), within=7)
        train_in(tmp_path / "run", callbacks=[stop], **measured(values, patience=2))
    arguments = {**measured(values, patience=2), "measure": measured(values[1:], 2)["measure"]}
    resumed = train_in(tmp_path / "run", seed=9, **arguments)
    assert_equal_to((tmp_path / "whole", state), tmp_path / "run", resumed)


def test_epochs_before_the_last_stage_do_not_count(tmp_path):
    arguments = measured([0.9, 0.1, 0.1, 0.1, 0.1], patience=1)
    train_in_stages(tmp_path / "run", epochs=(3, 2), **arguments)
    # Three of the first stage, and one without a better one in the second.
    assert epochs_done(tmp_path / "run") == 4
