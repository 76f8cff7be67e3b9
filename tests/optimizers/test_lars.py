import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.optimizers import LARS
from simclr_tf.schedules import WarmupCosine


def lars_steps(
    weight,
    gradients,
    *,
    rate,
    momentum=0.9,
    decay=0.0,
    trust=1e-3,
    epsilon=0.0,
    nesterov=False,
    adapt=True,
):
    """The update of You et al. (2017), algorithm 1, in double precision."""
    weight, velocity = np.array(weight, "float64"), 0.0
    for gradient in gradients:
        gradient = np.array(gradient, "float64") + decay * weight
        ratio = 1.0
        if adapt:
            weight_norm = np.sqrt(np.sum(weight**2))
            gradient_norm = np.sqrt(np.sum(gradient**2))
            if weight_norm > 0 and gradient_norm > 0:
                ratio = trust * weight_norm / (gradient_norm + epsilon)
        velocity = momentum * velocity + rate * ratio * gradient
        step = momentum * velocity + rate * ratio * gradient if nesterov else velocity
        weight = weight - step
    return weight


def after_steps(optimizer, weight, gradients, name="kernel"):
    variable = keras.Variable(np.array(weight, "float32"), name=name)
    for gradient in gradients:
        optimizer.apply([tf.constant(gradient, tf.float32)], [variable])
    return variable.numpy()


@pytest.fixture
def weight():
    return np.random.default_rng(0).normal(size=(4, 3))


@pytest.fixture
def gradients():
    return np.random.default_rng(1).normal(size=(5, 4, 3))


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("epsilon", [0.0, 0.5])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_several_steps_equal_the_paper(weight, gradients, momentum, epsilon, nesterov):
    optimizer = LARS(2.0, momentum, 0.1, trust_coefficient=0.05, epsilon=epsilon, nesterov=nesterov)
    expected = lars_steps(
        weight,
        gradients,
        rate=2.0,
        momentum=momentum,
        decay=0.1,
        trust=0.05,
        epsilon=epsilon,
        nesterov=nesterov,
    )
    np.testing.assert_allclose(after_steps(optimizer, weight, gradients), expected, rtol=1e-5)


def test_one_step_by_hand():
    # ||w|| = 5, g + wd * w = (3, 4) + .2 * (3, 4) = (3.6, 4.8) with norm 6,
    # trust = .1 * 5 / 6, v = 1.2 * .1 * 5 / 6 * (3.6, 4.8) = (.36, .48), w - v = (2.64, 3.52)
    optimizer = LARS(1.2, weight_decay=0.2, trust_coefficient=0.1)
    np.testing.assert_allclose(
        after_steps(optimizer, [3.0, 4.0], [[3.0, 4.0]]), [2.64, 3.52], rtol=1e-6
    )


@pytest.mark.parametrize("name", ["gamma", "beta", "bias"])
def test_normalisation_and_biases_get_plain_momentum_by_default(weight, gradients, name):
    optimizer = LARS(0.1, weight_decay=0.5)
    expected = lars_steps(weight, gradients, rate=0.1, adapt=False)
    result = after_steps(optimizer, weight, gradients, name)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_weight_decay_and_layer_adaptation_are_excluded_apart(weight, gradients):
    optimizer = LARS(
        0.5,
        weight_decay=0.3,
        exclude_from_weight_decay=["kernel"],
        exclude_from_layer_adaptation=[],
    )
    expected = lars_steps(weight, gradients, rate=0.5)
    np.testing.assert_allclose(after_steps(optimizer, weight, gradients), expected, rtol=1e-5)

    optimizer = LARS(
        0.5,
        weight_decay=0.3,
        exclude_from_weight_decay=[],
        exclude_from_layer_adaptation=["kernel"],
    )
    expected = lars_steps(weight, gradients, rate=0.5, decay=0.3, adapt=False)
    np.testing.assert_allclose(
        after_steps(optimizer, weight, gradients), expected, rtol=1e-4, atol=1e-6
    )


def test_exclusions_match_the_name_of_a_layer_too():
    layer = keras.layers.Dense(2, name="probe")
    layer.build((None, 3))
    before = layer.kernel.numpy()
    optimizer = LARS(0.5, exclude_from_layer_adaptation=["probe"], weight_decay=0.0)
    optimizer.apply([tf.ones((3, 2)), tf.ones(2)], layer.trainable_variables)
    np.testing.assert_allclose(before - layer.kernel.numpy(), np.full((3, 2), 0.5), rtol=1e-5)


@pytest.mark.parametrize(
    ("weight", "gradient", "expected"),
    [
        # a zero norm makes the trust ratio 1: 0 - .5 * (1, 2), and 1 - .5 * 0
        ([0.0, 0.0], [1.0, 2.0], [-0.5, -1.0]),
        ([1.0, 1.0], [0.0, 0.0], [1.0, 1.0]),
    ],
)
def test_a_zero_weight_or_gradient_takes_a_plain_finite_step(weight, gradient, expected):
    optimizer = LARS(0.5, weight_decay=0.0)
    np.testing.assert_allclose(after_steps(optimizer, weight, [gradient]), expected)


def test_the_rate_of_a_schedule_is_that_of_the_step():
    schedule = WarmupCosine(0.4, 2, 4)
    optimizer = LARS(schedule, momentum=0.0, weight_decay=0.0)
    # .2 + .4 + .4 + .2 = 1.2 times a gradient of 1, without adaptation
    result = after_steps(optimizer, [0.0], [[1.0]] * 4, name="bias")
    np.testing.assert_allclose(result, [-1.2], rtol=1e-5)


ARGUMENTS = {
    "learning_rate": 0.25,
    "momentum": 0.8,
    "weight_decay": 0.01,
    "trust_coefficient": 0.02,
    "epsilon": 1e-9,
    "nesterov": True,
    "exclude_from_weight_decay": ["bias"],
    "exclude_from_layer_adaptation": ["gamma"],
    "global_clipnorm": 3.0,
    "name": "my_lars",
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_config_keeps_every_argument(name):
    config = LARS(**ARGUMENTS).get_config()
    assert config[name] == pytest.approx(ARGUMENTS[name])
    assert LARS.from_config(config).get_config()[name] == config[name]


def small_model():
    inputs = keras.Input((4,))
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(3)(inputs))
    return keras.Model(inputs, keras.layers.Dense(1)(hidden))


def pictures_and_targets():
    generator = np.random.default_rng(2)
    return generator.normal(size=(8, 4)).astype("float32"), generator.normal(size=(8, 1))


@pytest.mark.parametrize("loss_scaling", [False, True])
def test_training_goes_on_after_saving_as_if_it_had_not_stopped(tmp_path, loss_scaling):
    x, y = pictures_and_targets()
    optimizer = LARS(WarmupCosine(0.5, 2, 8), weight_decay=0.1, exclude_from_weight_decay=["beta"])
    if loss_scaling:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1024.0)
    model = small_model()
    model.compile(optimizer, "mse", jit_compile=False)
    model.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    # In one order: another order of the same rows sums to another last digit.
    for each in (model, loaded):
        each.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for ours, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


def test_loss_scaling_skips_a_step_whose_gradient_overflowed():
    optimizer = keras.optimizers.LossScaleOptimizer(LARS(0.5), initial_scale=8.0)
    result = after_steps(optimizer, [1.0, 1.0], [[np.inf, 0.0]])
    np.testing.assert_array_equal(result, [1.0, 1.0])
    assert float(optimizer.dynamic_scale) == 4.0


def test_mixed_precision_training_reduces_the_loss():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = small_model()
        model.compile(LARS(0.5, trust_coefficient=0.1), "mse", jit_compile=False)
        assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        history = model.fit(*pictures_and_targets(), epochs=10, verbose=0).history["loss"]
    finally:
        keras.config.set_dtype_policy("float32")
    assert history[-1] < 0.9 * history[0]


def test_norms_of_half_precision_variables_do_not_overflow():
    # ||w||^2 = 4 * 200^2 = 160,000 > 65,504; trust = .01 * 400 / 2 = 2, w - .5 * 2 * 1 = 199
    variable = keras.Variable(np.full(4, 200.0), dtype="float16", name="kernel")
    optimizer = LARS(0.5, weight_decay=0.0, trust_coefficient=0.01)
    optimizer.apply([tf.ones(4, tf.float16)], [variable])
    np.testing.assert_allclose(variable.numpy(), np.full(4, 199.0), rtol=1e-3)


def test_the_keras_way_to_exclude_names_is_kept_in_the_config():
    optimizer = LARS(0.1)
    optimizer.exclude_from_weight_decay(var_names=["kernel"])
    assert optimizer.get_config()["exclude_from_weight_decay"] == ["kernel"]


def test_excluding_names_after_the_build_is_refused():
    optimizer = LARS(0.1)
    optimizer.build([keras.Variable([1.0])])
    with pytest.raises(ValueError, match="must be called before the optimizer is built"):
        optimizer.exclude_from_weight_decay(var_names=["kernel"])


def test_excluding_variables_instead_of_names_is_refused():
    with pytest.raises(ValueError, match="`var_list` is not accepted .* Received: var_list="):
        LARS(0.1).exclude_from_weight_decay(var_list=[keras.Variable([1.0])])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"momentum": 1.5}, "`momentum` must be between 0 and 1. Received: momentum=1.5"),
        ({"weight_decay": -1}, "`weight_decay` must be at least 0. Received: weight_decay=-1"),
        ({"trust_coefficient": 0}, "`trust_coefficient` must be greater than 0"),
        ({"epsilon": -1}, "`epsilon` must be at least 0"),
        (
            {"exclude_from_weight_decay": "bias"},
            "`exclude_from_weight_decay` must be a list of strings. Received: .*='bias'",
        ),
        (
            {"exclude_from_layer_adaptation": "bias"},
            "`exclude_from_layer_adaptation` must be a list of strings",
        ),
    ],
)
def test_arguments_outside_their_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LARS(**arguments)
