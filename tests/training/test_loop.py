import errno
import os
import signal
import threading

import keras
import numpy as np
import pytest

from simclr_tf.data import PictureSet, training_batches, training_rows
from simclr_tf.optimizers import build_optimizer
from simclr_tf.runs import RunFolder, SafetySettings
from simclr_tf.schedules import WarmupCosine
from simclr_tf.training import SimCLR, TrainingPlan, train
from simclr_tf.training import callbacks as callbacks_module
from tests.training.conftest import make_pictures, make_simclr

PLAN = TrainingPlan(steps_per_epoch=4, epochs=3, batch_size=8, monitor="val_loss")


def picture_set(count=32, seed=0):
    images, labels = make_pictures(count, seed=seed)
    return PictureSet(images, labels, tuple(map(str, range(count))), ("a", "b", "c"))


class Act(keras.callbacks.Callback):
    """Does something once: in a step, after it or in a validation; counts them from 1."""

    def __init__(self, action=None, within=None, step=None, validation=None):
        super().__init__()
        self.action, self.within, self.step, self.validation = action, within, step, validation
        self.steps = self.validations = 0

    def on_train_batch_begin(self, batch, logs=None):
        if self.steps + 1 == self.within:
            self.action()

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.steps == self.step:
            self.action()

    def on_test_begin(self, logs=None):
        self.validations += 1
        if self.validations == self.validation:
            self.action()


def send(number):
    return lambda: os.kill(os.getpid(), number)


def crash():
    raise RuntimeError("out of memory")


def train_in(
    folder, *, plan=PLAN, seed=0, optimizer="sgd", callbacks=(), eager=True, measure=None, **kwargs
):
    """Trains in a new version of `folder`, or goes on in the newest; returns what is left.

    Eager by default: these few small steps take less time than tracing them.
    """
    loss_scaling = kwargs.get("mixed_precision") == "float16"
    model = make_simclr(seed, **kwargs)
    schedule = WarmupCosine(0.1, 3, plan.total_steps)
    model.compile(
        build_optimizer(optimizer, schedule, loss_scaling=loss_scaling),
        jit_compile=False,
        run_eagerly=eager,
    )
    validation = training_batches(picture_set(16, seed=1), 8, 0, num_steps=2).cache()
    pictures = picture_set()
    rows_of = training_rows(pictures, 8, 5)
    with RunFolder.resume(folder) if folder.exists() else RunFolder.create(folder, {}) as run:
        best = train(
            model,
            model.encoder,
            lambda start, count: training_batches(
                pictures, 8, 5, start_step=start, num_steps=count
            ),
            plan,
            run,
            validation=validation,
            measure=measure,
            callbacks=callbacks,
            name_batch=lambda step: [pictures.ids[row] for row in rows_of(step)],
        )
    optimizer_state = [variable.numpy() for variable in model.optimizer.variables]
    return [*model.get_weights(), *optimizer_state, model.augmenter.seed_generator.state], best


def metrics(folder):
    """The rows of metrics.csv without the columns that time decides."""
    rows = RunFolder.resume(folder).read_metrics()
    timed = ("seconds", "images_per_second")
    return [
        {name: value for name, value in row.items() if not any(part in name for part in timed)}
        for row in rows
    ]


def checkpoint_steps(folder):
    return sorted(int(path.stem[5:]) for path in folder.glob("version_0/checkpoints/*.npz"))


def assert_same_arrays(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def assert_equal_to(unbroken, folder, state):
    expected_folder, expected_state = unbroken
    assert metrics(folder) == metrics(expected_folder)
    for expected, found in zip(expected_state, state, strict=True):
        assert_same_arrays(expected, found)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "unbroken"
    return folder, train_in(folder)


def test_metrics_have_one_row_an_epoch(unbroken):
    folder, _ = unbroken
    rows = RunFolder.resume(folder).read_metrics()
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    names = {"loss", "val_loss", "probe_accuracy", "contrastive_accuracy", "learning_rate"}
    assert names | {"epoch_seconds", "images_per_second"} <= set(rows[0])
    assert all(np.isfinite(float(value)) for row in rows for value in row.values())


def test_two_runs_with_the_same_seed_are_identical(unbroken, tmp_path):
    assert_equal_to(unbroken, tmp_path / "run", train_in(tmp_path / "run"))


def test_another_seed_gives_other_metrics(unbroken, tmp_path):
    train_in(tmp_path / "run", seed=1)
    assert metrics(tmp_path / "run")[0]["loss"] != metrics(unbroken[0])[0]["loss"]


@pytest.mark.parametrize(
    "moment, saved",
    [
        # In a step: obeyed when it ends.
        ({"within": 6}, 6),
        # In the last step of an epoch: its validation and its row come first.
        ({"within": 8}, 8),
        ({"validation": 3}, 12),
    ],
)
def test_a_run_stopped_by_ctrl_c_goes_on_to_the_same_end(unbroken, tmp_path, moment, saved):
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train_in(folder, callbacks=[Act(send(signal.SIGINT), **moment)])
    assert checkpoint_steps(folder)[-1] == saved
    assert len(metrics(folder)) == saved // 4
    # The second model begins with other weights and another augmentation seed: all is restored.
    assert_equal_to(unbroken, folder, train_in(folder, seed=9))


def test_a_run_stopped_many_times_goes_on_to_the_same_end(unbroken, tmp_path):
    folder = tmp_path / "run"
    # After steps 2 and 2 + 1 of the first epoch, then after 4 + 2: two stops within one epoch.
    for seed, within, saved in ((0, 2, 2), (1, 1, 3), (2, 3, 6)):
        with pytest.raises(KeyboardInterrupt):
            train_in(folder, seed=seed, callbacks=[Act(send(signal.SIGINT), within=within)])
        assert checkpoint_steps(folder)[-1] == saved
    assert_equal_to(unbroken, folder, train_in(folder, seed=9))


@pytest.mark.parametrize("moment", [{"step": 7}, {"validation": 2}])
def test_a_run_that_crashed_goes_on_from_its_last_checkpoint_to_the_same_end(
    unbroken, tmp_path, moment
):
    # Checkpoints after steps 2, 4 and 6; none between step 8 and its validation.
    folder = tmp_path / "run"
    plan = TrainingPlan(4, 3, 8, "val_loss", checkpoint_every_steps=2)
    with pytest.raises(RuntimeError, match="out of memory"):
        train_in(folder, plan=plan, callbacks=[Act(crash, **moment)])
    assert checkpoint_steps(folder) == [4, 6]
    assert_equal_to(unbroken, folder, train_in(folder, plan=plan, seed=9))


def test_a_crash_before_the_first_checkpoint_begins_anew(unbroken, tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(RuntimeError, match="out of memory"):
        train_in(folder, callbacks=[Act(crash, step=2)])
    assert checkpoint_steps(folder) == []
    assert_equal_to(unbroken, folder, train_in(folder))


def test_sigterm_saves_and_exits_with_its_status(unbroken, tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(SystemExit) as stop:
        train_in(folder, callbacks=[Act(send(signal.SIGTERM), within=6)])
    # 128 + 15, as shells report a process that a signal ended.
    assert stop.value.code == 143
    assert checkpoint_steps(folder) == [4, 6]
    assert_equal_to(unbroken, folder, train_in(folder, seed=9))


def test_a_second_signal_stops_at_once(tmp_path):
    def insist():
        send(signal.SIGINT)()
        send(signal.SIGINT)()

    with pytest.raises(KeyboardInterrupt):
        train_in(tmp_path / "run", callbacks=[Act(insist, step=1)])
    assert checkpoint_steps(tmp_path / "run") == []


@pytest.mark.parametrize("action", [crash, send(signal.SIGINT)])
def test_signals_are_given_back_however_the_training_ends(tmp_path, action):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises((RuntimeError, KeyboardInterrupt)):
        train_in(tmp_path / "run", callbacks=[Act(action, step=1)])
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_training_may_run_in_another_thread(unbroken, tmp_path):
    states = []
    thread = threading.Thread(target=lambda: states.append(train_in(tmp_path / "run")))
    thread.start()
    thread.join()
    assert_equal_to(unbroken, tmp_path / "run", states[0])


def test_a_run_that_is_complete_does_not_train_again(unbroken):
    folder, state = unbroken
    counter = Act()
    again = train_in(folder, seed=9, callbacks=[counter])
    assert counter.steps == 0
    assert_equal_to(unbroken, folder, again)
    assert len(state) == 2


def test_checkpoints_are_saved_every_so_many_steps(tmp_path):
    plan = TrainingPlan(4, 3, 8, "val_loss", checkpoint_every_steps=3)
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(checkpoint_steps(tmp_path / "run"))
    )
    train_in(tmp_path / "run", plan=plan, callbacks=[watch])
    # Every third step and the ends of epochs (4, 8, 12), the newest two of them; of the epochs the
    # second is the best, whose checkpoint stays as well.
    expected = [[], [], [3], [3], [3, 4], [4, 6], [4, 6], [4, 6], [8, 9], [8, 9], [8, 9], [8, 9]]
    assert seen == expected
    losses = [float(row["val_loss"]) for row in metrics(tmp_path / "run")]
    assert losses.index(min(losses)) == 1
    assert checkpoint_steps(tmp_path / "run") == [8, 9, 12]


def test_checkpoints_are_saved_every_so_many_minutes(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(callbacks_module.time, "monotonic", lambda: now[0])

    def pass_20_seconds(batch, logs):
        now[0] += 20

    plan = TrainingPlan(8, 1, 4, safety=SafetySettings(1.0, keep_checkpoints=9))
    clock = keras.callbacks.LambdaCallback(on_train_batch_end=pass_20_seconds)
    train_in(tmp_path / "run", plan=plan, callbacks=[clock])
    # After step n it is 20 (n - 1) seconds: a minute is over after steps 4 and 7; 8 is the end.
    assert checkpoint_steps(tmp_path / "run") == [4, 7, 8]


def test_the_checkpoint_of_the_best_epoch_is_kept_beside_the_newest(tmp_path):
    values = iter([0.2, 0.6, 0.4, 0.5, 0.3])
    plan = TrainingPlan(2, 5, 8, "val_top_1", "max", safety=SafetySettings(keep_checkpoints=2))
    train_in(tmp_path / "run", plan=plan, measure=lambda: {"val_top_1": next(values)})
    # Epoch 2 was best: after step 4.
    assert checkpoint_steps(tmp_path / "run") == [4, 8, 10]


def test_a_full_disk_stops_with_a_sentence_and_leaves_the_last_checkpoint(
    unbroken, tmp_path, monkeypatch
):
    folder = tmp_path / "run"
    fsync = os.fsync

    def full(descriptor):
        if "step_000000006" in os.readlink(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    plan = TrainingPlan(4, 3, 8, "val_loss", checkpoint_every_steps=2)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="checkpoints is full: step_000000006.npz could not be"):
            train_in(folder, plan=plan)
    assert checkpoint_steps(folder) == [2, 4]
    assert len(list((folder / "version_0/checkpoints").iterdir())) == 2
    assert_equal_to(unbroken, folder, train_in(folder, plan=plan, seed=9))


@pytest.mark.parametrize("monitor, mode", [("val_loss", "min"), ("val_probe_accuracy", "max")])
def test_the_weights_of_the_best_epoch_are_returned(tmp_path, monitor, mode):
    weights = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: weights.append(watch.model.encoder.get_weights())
    )
    plan = TrainingPlan(4, 3, 8, monitor, mode)
    _, best = train_in(tmp_path / "run", plan=plan, callbacks=[watch])
    values = [float(row[monitor]) for row in metrics(tmp_path / "run")]
    epoch = values.index(min(values) if mode == "min" else max(values))
    assert_same_arrays(best, weights[epoch])


def test_figures_measured_after_every_epoch_are_recorded_and_may_decide(tmp_path):
    values = iter([0.2, 0.6, 0.4])
    weights = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: weights.append(watch.model.encoder.get_weights())
    )
    _, best = train_in(
        tmp_path / "run",
        plan=TrainingPlan(4, 3, 8, "val_top_1", "max"),
        measure=lambda: {"val_top_1": next(values)},
        callbacks=[watch],
    )
    assert [row["val_top_1"] for row in metrics(tmp_path / "run")] == ["0.2", "0.6", "0.4"]
    assert_same_arrays(best, weights[1])


def test_a_monitor_that_is_not_logged_is_refused(tmp_path):
    plan = TrainingPlan(4, 3, 8, "val_f1", "max")
    with pytest.raises(ValueError, match="`monitor` must be one of: .*val_loss.*'val_f1'"):
        train_in(tmp_path / "run", plan=plan)


def test_a_checkpoint_of_another_model_is_refused_and_kept(unbroken):
    folder, _ = unbroken
    before = metrics(folder), checkpoint_steps(folder)
    with pytest.raises(ValueError, match="is of another model or optimizer"):
        train_in(folder, num_classes=2)
    assert (metrics(folder), checkpoint_steps(folder)) == before


@pytest.mark.parametrize(
    "optimizer, precision, eager, microbatch_size",
    [
        ("lars", "bfloat16", True, None),
        ("sgd", "float16", False, None),
        ("sgd", "none", False, 4),
    ],
)
def test_every_precision_resumes_to_the_bit(tmp_path, optimizer, precision, eager, microbatch_size):
    arguments = {"optimizer": optimizer, "mixed_precision": precision, "eager": eager}
    arguments["microbatch_size"] = microbatch_size
    state = train_in(tmp_path / "unbroken", **arguments)
    with pytest.raises(KeyboardInterrupt):
        train_in(tmp_path / "run", **arguments, callbacks=[Act(send(signal.SIGINT), within=6)])
    resumed = train_in(tmp_path / "run", seed=9, **arguments)
    assert_equal_to((tmp_path / "unbroken", state), tmp_path / "run", resumed)


@pytest.mark.parametrize(
    "arguments, text",
    [
        ({"steps_per_epoch": 0}, "`steps_per_epoch` must be at least 1"),
        ({"epochs": 0}, "`epochs` must be at least 1"),
        ({"batch_size": 0}, "`batch_size` must be at least 1"),
        ({"checkpoint_every_steps": -1}, "`checkpoint_every_steps` must be at least 0"),
        ({"mode": "best"}, "`mode` must be one of: min, max. Received: mode='best'"),
    ],
)
def test_plans_that_are_not_accepted_are_named(arguments, text):
    with pytest.raises(ValueError, match=text):
        TrainingPlan(**{"steps_per_epoch": 4, "epochs": 3, "batch_size": 8, **arguments})


def test_a_plan_knows_all_its_steps():
    assert PLAN.total_steps == 12


def test_a_step_is_traced_once(tmp_path, monkeypatch):
    traces = []
    train_step = SimCLR.train_step

    def counted(model, data):
        traces.append(data)
        return train_step(model, data)

    monkeypatch.setattr(SimCLR, "train_step", counted)
    train_in(tmp_path / "run", eager=False)
    # A second time if the first makes the optimizer's variables.
    assert len(traces) == 1
