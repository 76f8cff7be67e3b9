import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.optimizers import LARS, OPTIMIZERS, build_optimizer
from simclr_tf.schedules import WarmupCosine

CLASSES = {
    "sgd": keras.optimizers.SGD,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "lars": LARS,
    "lamb": keras.optimizers.Lamb,
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_name_builds_its_class(name):
    assert type(build_optimizer(name, 0.1)) is CLASSES[name]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_schedule_is_followed(name):
    schedule = WarmupCosine(0.4, 4, 8)
    # first of four warm-up steps: 0.4 / 4
    assert float(build_optimizer(name, schedule).learning_rate) == pytest.approx(0.1)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_skips_batch_normalisation_and_biases(name):
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2), keras.layers.BatchNormalization()]
    )
    model.layers[0].bias.assign([1.0, 1.0])
    model.layers[1].beta.assign([1.0, 1.0])
    before = [variable.numpy() for variable in model.trainable_variables]
    optimizer = build_optimizer(name, 0.1, weight_decay=0.5)
    # Without a gradient only the weight decay moves anything.
    optimizer.apply(
        [tf.zeros(v.shape) for v in model.trainable_variables], model.trainable_variables
    )
    moved = {
        variable.name: not np.array_equal(variable.numpy(), old)
        for variable, old in zip(model.trainable_variables, before, strict=True)
    }
    assert moved == {"kernel": True, "bias": False, "gamma": False, "beta": False}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_no_weight_decay_is_the_default(name):
    variable = keras.Variable([1.0, -2.0], name="kernel")
    build_optimizer(name, 0.1).apply([tf.zeros(2)], [variable])
    np.testing.assert_array_equal(variable.numpy(), [1.0, -2.0])


def test_weight_decay_of_sgd_is_decoupled_from_the_momentum():
    variable = keras.Variable([1.0], name="kernel")
    optimizer = build_optimizer("sgd", 0.1, weight_decay=0.5, momentum=0.9)
    for _ in range(2):
        optimizer.apply([tf.zeros(1)], [variable])
    # (1 - .1 * .5) ** 2 = .9025, with no velocity from the decay
    np.testing.assert_allclose(variable.numpy(), [0.9025], rtol=1e-6)


def test_a_pytorch_weight_decay_divided_by_one_minus_momentum_decays_alike():
    rate, momentum, decay, steps = 0.01, 0.9, 0.05, 400
    weight, velocity = 1.0, 0.0
    for _ in range(steps):
        velocity = momentum * velocity + decay * weight
        weight -= rate * velocity
    variable = keras.Variable([1.0], name="kernel")
    optimizer = build_optimizer("sgd", rate, weight_decay=decay / (1 - momentum), momentum=momentum)
    for _ in range(steps):
        optimizer.apply([tf.zeros(1)], [variable])
    # both near (1 - .01 * .5) ** 400 = .13
    np.testing.assert_allclose(variable.numpy(), [weight], rtol=0.1)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_all_gradients_together_are_clipped_to_the_norm(name):
    assert build_optimizer(name, 0.1, clip_norm=2.0).global_clipnorm == 2.0


def test_a_clipped_step_has_the_norm_asked_for():
    variables = [keras.Variable([0.0]), keras.Variable([0.0])]
    optimizer = build_optimizer("sgd", 1.0, momentum=0.0, clip_norm=1.0)
    optimizer.apply([tf.constant([3.0]), tf.constant([4.0])], variables)
    # norm 5, scaled to 1: (3, 4) / 5
    np.testing.assert_allclose([float(v[0]) for v in variables], [-0.6, -0.8], rtol=1e-6)


@pytest.mark.parametrize("name", ["sgd", "lars"])
def test_momentum_and_nesterov_reach_the_optimizer(name):
    config = build_optimizer(name, 0.1, momentum=0, nesterov=True).get_config()
    assert (config["momentum"], config["nesterov"]) == (0.0, True)


def test_a_whole_number_is_a_learning_rate():
    assert float(build_optimizer("sgd", 1).learning_rate) == 1.0


@pytest.mark.parametrize("name", ["adam", "adamw", "lamb"])
def test_nesterov_is_refused_where_it_means_nothing(name):
    with pytest.raises(ValueError, match=f"`nesterov` is only for sgd and lars. .*'{name}'"):
        build_optimizer(name, 0.1, nesterov=True)


def test_an_unknown_name_lists_the_accepted_ones():
    message = "`optimizer` must be one of: sgd, adam, adamw, lars, lamb. Received: .*'sdg'"
    with pytest.raises(ValueError, match=message):
        build_optimizer("sdg", 0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"learning_rate": 0}, "`learning_rate` must be greater than 0. Received"),
        ({"weight_decay": -1e-4}, "`weight_decay` must be at least 0. Received"),
        ({"momentum": 2}, "`momentum` must be between 0 and 1. Received: momentum=2"),
        ({"clip_norm": 0}, "`clip_norm` must be greater than 0. Received: clip_norm=0"),
    ],
)
def test_arguments_outside_their_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_optimizer(**{"name": "sgd", "learning_rate": 0.1, **arguments})
