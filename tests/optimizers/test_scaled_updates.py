import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.optimizers import OPTIMIZERS, ScaledUpdates, build_optimizer

STARTS = ([[1.0, -2.0], [0.5, 3.0]], [0.25, -0.75], [4.0])
FACTORS = (0.25, 0.5, 1.0)


def make_variables():
    names = ("kernel", "bias", "kernel")
    return [keras.Variable(start, name=name) for start, name in zip(STARTS, names, strict=True)]


def gradients(step):
    generator = np.random.default_rng(step)
    return [tf.constant(generator.normal(size=np.shape(start)), tf.float32) for start in STARTS]


def run_steps(optimizer, steps=4, graph=False, chosen=(0, 1, 2)):
    variables = make_variables()
    optimizer.build(variables)

    def step(*grads):
        optimizer.apply_gradients([(grads[place], variables[place]) for place in chosen])

    step = tf.function(step) if graph else step
    for number in range(steps):
        step(*gradients(number))
    return [variable.numpy() for variable in variables]


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_factor_is_a_factor_of_the_learning_rate(name, graph):
    # LAMB's trust ratio is that of the weights after their decay, so theirs are told apart.
    arguments = {"weight_decay": 0.0 if name == "lamb" else 0.1}
    found = run_steps(build_optimizer(name, 0.02, update_factors=FACTORS, **arguments), 1, graph)
    for place, factor in enumerate(FACTORS):
        # After one step nothing but the rate tells the two apart, weight decay included.
        alone = run_steps(build_optimizer(name, 0.02 * factor, **arguments), 1)
        np.testing.assert_allclose(found[place], alone[place], rtol=1e-6)
        assert not np.array_equal(found[place], STARTS[place])


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_the_factor_holds_in_every_step(name):
    # Their updates do not depend on the weights, so whole ways are in proportion.
    full = run_steps(build_optimizer(name, 0.01))
    found = run_steps(build_optimizer(name, 0.01, update_factors=FACTORS))
    for start, far, near, factor in zip(STARTS, full, found, FACTORS, strict=True):
        np.testing.assert_allclose(near - start, factor * (far - start), rtol=1e-4)


def test_adam_is_not_blind_to_it():
    # Scaling the gradient instead would leave Adam's first step as long as the learning rate.
    found = run_steps(build_optimizer("adam", 0.01, update_factors=FACTORS), 1)
    lengths = [np.abs(new - start).max() for start, new in zip(STARTS, found, strict=True)]
    np.testing.assert_allclose(lengths, [0.0025, 0.005, 0.01], rtol=1e-3)


def test_variables_may_be_updated_in_part():
    found = run_steps(build_optimizer("adam", 0.01, update_factors=FACTORS), chosen=(1,))
    np.testing.assert_array_equal(found[0], STARTS[0])
    whole = run_steps(build_optimizer("adam", 0.01, update_factors=FACTORS))
    np.testing.assert_array_equal(found[1], whole[1])


def test_loss_scaling_goes_around_it():
    optimizer = build_optimizer("adam", 0.01, update_factors=FACTORS, loss_scaling=True)
    variables = make_variables()
    optimizer.build(variables)
    grads = [optimizer.scale_loss(gradient) for gradient in gradients(0)]
    optimizer.apply_gradients(zip(grads, variables, strict=True))
    expected = run_steps(build_optimizer("adam", 0.01, update_factors=FACTORS), 1)
    for variable, value in zip(variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-6)


def test_its_learning_rate_and_iterations_are_those_of_the_inner_one():
    optimizer = ScaledUpdates(keras.optimizers.SGD(0.5), FACTORS)
    run_steps(optimizer, steps=3)
    assert float(optimizer.learning_rate) == 0.5
    assert int(optimizer.iterations) == 3
    optimizer.learning_rate = 0.25
    assert float(optimizer.inner_optimizer.learning_rate) == 0.25


def test_its_variables_restore_it():
    optimizer = build_optimizer("adam", 0.01, update_factors=FACTORS)
    run_steps(optimizer)
    state = [variable.numpy() for variable in optimizer.variables]
    again = build_optimizer("adam", 0.01, update_factors=FACTORS)
    again.build(make_variables())
    for variable, value in zip(again.variables, state, strict=True):
        variable.assign(value)
    assert int(again.iterations) == 4
    momentum = optimizer.inner_optimizer.variables[2].numpy()
    assert np.any(momentum) and np.array_equal(momentum, again.inner_optimizer.variables[2])


def test_it_survives_serialisation():
    optimizer = ScaledUpdates(keras.optimizers.Adam(0.03, beta_1=0.7), FACTORS, name="slow")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert (copy.name, tuple(copy.factors)) == ("slow", FACTORS)
    assert copy.inner_optimizer.beta_1 == 0.7
    assert float(copy.learning_rate) == pytest.approx(0.03)


def test_a_model_with_it_is_saved_and_loaded(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(ScaledUpdates(keras.optimizers.Adam(0.1), [0.5, 1.0]), loss="mse")
    x, y = np.ones((4, 2)), np.ones((4, 1))
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    losses = [float(part.train_on_batch(x, y)) for part in (model, loaded)]
    assert losses[0] == losses[1]
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize("factors", [[0.5], [0.5, 1.0, 1.0, 1.0]])
def test_another_number_of_factors_than_of_variables_is_refused(factors):
    message = f"`factors` must be one for each of the 3 variables. Received: {len(factors)}"
    with pytest.raises(ValueError, match=message):
        ScaledUpdates(keras.optimizers.Adam(), factors).build(make_variables())


def test_a_negative_factor_is_refused():
    with pytest.raises(ValueError, match="`factors` must be at least 0. Received: factors=-1"):
        ScaledUpdates(keras.optimizers.Adam(), [-1.0, 2.0])
