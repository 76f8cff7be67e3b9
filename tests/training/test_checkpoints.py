import keras
import numpy as np
import pytest

from simclr_tf.training.checkpoints import Checkpoints


def make_model(seed=0, units=3, optimizer=None):
    """A model with weights, a random generator, metrics and an optimizer with a loss scale."""
    keras.utils.set_random_seed(seed)
    layers = [keras.Input((4,)), keras.layers.Dropout(0.5, seed=seed), keras.layers.Dense(units)]
    model = keras.Sequential(layers)
    optimizer = optimizer or keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(0.01), initial_scale=64.0, dynamic_growth_steps=2
    )
    model.compile(optimizer=optimizer, loss="mse", jit_compile=False, run_eagerly=True)
    return model


def train_steps(model, count):
    generator = np.random.default_rng(7)
    units = model.output_shape[-1]
    for _ in range(count):
        x, y = generator.normal(size=(5, 4)), generator.normal(size=(5, units))
        model.train_on_batch(x.astype("float32"), y.astype("float32"))


def everything(model):
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return [np.array(variable) for variable in variables]


def assert_equal_state(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def trained():
    model = make_model()
    train_steps(model, 3)
    return model


@pytest.fixture(scope="module")
def fresh():
    return make_model(seed=9)


def test_a_restored_training_equals_the_saved_one_in_every_variable(trained, tmp_path):
    Checkpoints(trained, tmp_path).save(3, {})
    restored = make_model(seed=9)
    assert Checkpoints(restored, tmp_path).restore() == (3, {})
    assert_equal_state(everything(trained), everything(restored))


def test_the_state_holds_optimizer_random_generator_and_loss_scale(trained, tmp_path):
    Checkpoints(trained, tmp_path).save(3, {})
    restored = make_model(seed=9)
    Checkpoints(restored, tmp_path).restore()
    optimizer = restored.optimizer
    # Three steps, and the scale doubled after two of them: 64 * 2.
    assert float(optimizer.dynamic_scale) == 128
    assert int(optimizer.inner_optimizer.iterations) == 3
    assert any(np.any(np.array(v)) for v in optimizer.inner_optimizer.variables[2:])
    generator = restored.layers[0].seed_generator.state
    np.testing.assert_array_equal(generator, trained.layers[0].seed_generator.state)
    assert generator.numpy()[1] == 3


def test_a_restored_training_goes_on_as_the_saved_one(tmp_path):
    model, restored = make_model(), make_model(seed=9)
    train_steps(model, 2)
    Checkpoints(model, tmp_path).save(2, {})
    Checkpoints(restored, tmp_path).restore()
    train_steps(model, 2)
    train_steps(restored, 2)
    assert_equal_state(everything(model), everything(restored))


def test_added_arrays_come_back(trained, fresh, tmp_path):
    Checkpoints(trained, tmp_path).save(5, {"best": np.float64(0.25), "a:b": np.arange(3)})
    step, added = Checkpoints(fresh, tmp_path).restore()
    assert (step, sorted(added)) == (5, ["a:b", "best"])
    assert float(added["best"]) == 0.25
    np.testing.assert_array_equal(added["a:b"], [0, 1, 2])


def test_without_checkpoints_nothing_is_restored(fresh, tmp_path):
    (tmp_path / "notes.txt").write_text("step_1")
    before = everything(fresh)
    assert Checkpoints(fresh, tmp_path).restore() is None
    assert_equal_state(before, everything(fresh))


@pytest.mark.parametrize("keep, expected", [(1, [30]), (2, [20, 30]), (5, [5, 10, 20, 30])])
def test_only_the_newest_are_kept(trained, tmp_path, keep, expected):
    checkpoints = Checkpoints(trained, tmp_path, keep=keep)
    for step in (5, 10, 20, 30):
        checkpoints.save(step, {})
    assert [path.name for path in checkpoints.files()] == [f"step_{n:09d}.npz" for n in expected]
    assert len(list(tmp_path.iterdir())) == len(expected)


def test_the_best_one_is_kept_beside_the_newest(trained, tmp_path):
    checkpoints = Checkpoints(trained, tmp_path, keep=1)
    for step in (5, 10, 20):
        checkpoints.save(step, {}, best_step=5)
    assert [path.name for path in checkpoints.files()] == [
        "step_000000005.npz",
        "step_000000020.npz",
    ]
    checkpoints.save(30, {}, best_step=30)
    assert [path.name for path in checkpoints.files()] == ["step_000000030.npz"]


def test_fewer_than_one_checkpoint_is_refused(trained, tmp_path):
    with pytest.raises(ValueError, match="`keep_checkpoints` must be at least 1"):
        Checkpoints(trained, tmp_path, keep=0)


def test_a_checkpoint_that_lacks_an_array_is_passed_over(trained, fresh, tmp_path, caplog):
    checkpoints = Checkpoints(trained, tmp_path)
    checkpoints.save(1, {"best": np.float64(0.5)})
    path = checkpoints.save(2, {"best": np.float64(0.5)})
    with np.load(path, allow_pickle=False) as arrays:
        fewer = {name: arrays[name] for name in arrays if name != "added:best"}
    np.savez(path, **fewer)
    assert Checkpoints(fresh, tmp_path).restore() == (1, {"best": 0.5})
    assert "step_000000002.npz is damaged and passed over" in caplog.text


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "empty":
        content = b""
    elif how == "cut":
        content = content[: len(content) // 2]
    elif how == "zeros":
        content = bytes(len(content))
    else:
        # In the numbers of the first array, so that the checksum of its entry tells.
        content[content.index(b"\x93NUMPY") + 130] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["empty", "cut", "zeros", "flipped"])
def test_a_damaged_newest_checkpoint_is_passed_over_with_a_warning(tmp_path, caplog, how):
    model, restored = make_model(), make_model(seed=9)
    checkpoints = Checkpoints(model, tmp_path)
    train_steps(model, 1)
    checkpoints.save(1, {})
    expected = everything(model)
    train_steps(model, 1)
    damage(checkpoints.save(2, {}), how)
    assert Checkpoints(restored, tmp_path).restore() == (1, {})
    assert_equal_state(expected, everything(restored))
    assert "step_000000002.npz is damaged and passed over" in caplog.text


def test_when_all_are_damaged_nothing_is_restored(trained, fresh, tmp_path, caplog):
    checkpoints = Checkpoints(trained, tmp_path)
    for step in (1, 2):
        damage(checkpoints.save(step, {}), "cut")
    assert Checkpoints(fresh, tmp_path).restore() is None
    assert caplog.text.count("is damaged and passed over") == 2


@pytest.mark.parametrize("keep", [1, 2])
def test_a_damaged_later_checkpoint_makes_way_for_the_next_one(trained, fresh, tmp_path, keep):
    checkpoints = Checkpoints(trained, tmp_path, keep=2)
    checkpoints.save(10, {})
    damage(checkpoints.save(20, {}), "cut")
    Checkpoints(trained, tmp_path, keep=keep).save(15, {})
    steps = [int(path.stem[5:]) for path in checkpoints.files()]
    assert steps == [10, 15][-keep:]
    assert Checkpoints(fresh, tmp_path).restore() == (15, {})


def test_one_flipped_byte_anywhere_never_restores_other_numbers(trained, fresh, tmp_path):
    path = Checkpoints(trained, tmp_path).save(1, {})
    expected, content = everything(trained), path.read_bytes()
    generator = np.random.default_rng(0)
    for place in generator.integers(0, len(content), 150):
        damaged = bytearray(content)
        damaged[place] ^= int(generator.integers(1, 256))
        path.write_bytes(damaged)
        try:
            restored = Checkpoints(fresh, tmp_path).restore()
        except ValueError:
            continue  # A wrong number of entries looks like another model.
        if restored is not None:
            assert_equal_state(expected, everything(fresh))


def test_a_checkpoint_of_another_model_is_refused(trained, tmp_path):
    Checkpoints(trained, tmp_path).save(3, {})
    other = make_model(units=2)
    before = other.get_weights()
    with pytest.raises(ValueError, match="step_000000003.npz is of another model or optimizer"):
        Checkpoints(other, tmp_path).restore()
    assert_equal_state(before, other.get_weights())


def test_a_checkpoint_of_another_optimizer_is_refused(trained, tmp_path):
    Checkpoints(trained, tmp_path).save(3, {})
    with pytest.raises(ValueError, match="Resume with the flags that the run was started with"):
        Checkpoints(make_model(optimizer=keras.optimizers.SGD(0.1)), tmp_path).restore()
