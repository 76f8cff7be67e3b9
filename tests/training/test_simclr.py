import ast
import inspect
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import Augmenter, RandomFlip
from simclr_tf.encoders import build_encoder, build_projection_head
from simclr_tf.losses import nt_xent
from simclr_tf.optimizers import build_optimizer
from simclr_tf.training import SimCLR
from simclr_tf.training.simclr import METRICS
from tests.training.conftest import make_augmenter, make_encoder, make_pictures, make_simclr


def compiled(model, optimizer=None):
    model.compile(optimizer=optimizer or keras.optimizers.SGD(0.05), jit_compile=False)
    return model


def batches(pictures, size=16):
    return tf.data.Dataset.from_tensor_slices(pictures).batch(size, drop_remainder=True)


def fit(model, pictures, epochs):
    return model.fit(batches(pictures), epochs=epochs, shuffle=False, verbose=0).history


def assert_same_weights(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def resnet_history():
    """A ResNet-10 trained for 12 steps on the same 16 pictures."""
    keras.utils.set_random_seed(0)
    encoder = build_encoder("resnet10", image_size=8, width=0.125)
    model = SimCLR(encoder, build_projection_head(64), make_augmenter(), num_classes=3)
    compiled(model, build_optimizer("adamw", 3e-3))
    return fit(model, make_pictures(16), epochs=12)


def test_training_reduces_the_loss(resnet_history):
    loss = resnet_history["loss"]
    assert np.isfinite(loss).all()
    assert np.mean(loss[-3:]) < 0.8 * loss[0]


def test_training_reports_every_metric(resnet_history):
    assert sorted(resnet_history) == sorted([*METRICS, "probe_accuracy"])
    assert all(0 <= value <= 1 for value in resnet_history["contrastive_accuracy"])
    assert all(0 <= value <= 4 for value in resnet_history["alignment"])


def test_the_online_probe_learns_the_colours(resnet_history):
    # One class in three would be guessed; an epoch is a single batch of 32 views.
    assert np.mean(resnet_history["probe_accuracy"][-3:]) > 0.5


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "lars"])
def test_the_online_probe_teaches_encoder_and_head_nothing(pictures, optimizer):
    trained = []
    for num_classes in (0, 3):
        model = compiled(make_simclr(num_classes=num_classes), build_optimizer(optimizer, 0.05))
        model.run_eagerly = True
        before = model.encoder.get_weights()
        fit(model, pictures, epochs=2)
        assert not np.array_equal(before[0], model.encoder.get_weights()[0])
        trained.append([*model.encoder.get_weights(), *model.projection_head.get_weights()])
    assert_same_weights(*trained)


@pytest.fixture(scope="module")
def model():
    """Compiled with a learning rate; run eagerly so that single steps cost little."""
    model = compiled(make_simclr())
    model.run_eagerly = True
    return model


def test_a_batch_without_labels_leaves_the_probe_as_it_is(model, pictures):
    images, labels = pictures
    before = [weight.numpy() for weight in model.online_probe.weights]
    encoder = model.encoder.get_weights()
    result = model.train_on_batch(images[:8], np.full_like(labels[:8], -1), return_dict=True)
    assert_same_weights(before, model.online_probe.weights)
    assert not np.array_equal(encoder[0], model.encoder.get_weights()[0])
    assert result["probe_accuracy"] == 0
    assert np.isfinite(result["loss"])


def test_the_probe_loss_is_the_mean_over_labelled_pictures_alone(model):
    generator = np.random.default_rng(0)
    size = model.encoder.output_shape[-1]
    features = generator.normal(size=(8, size)).astype("float32")
    projections = generator.normal(size=(8, 8)).astype("float32")
    labels = np.int32([2, -1, 0, -1])
    losses = model.measure(features, projections, tf.constant(labels), training=True)
    logits = model.online_probe(features).numpy().astype("float64")
    log_sums = np.log(np.exp(logits).sum(axis=1))
    # Rows 0, 2 are first views and 4, 6 second views of the labelled pictures.
    expected = np.mean([log_sums[row] - logits[row, labels[row % 4]] for row in (0, 2, 4, 6)])
    np.testing.assert_allclose(losses["probe_loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(losses["loss"], nt_xent(projections[:4], projections[4:], 0.1))


def test_the_probe_accuracy_counts_labelled_pictures_alone(model):
    model.reset_metrics()
    features = np.random.default_rng(1).normal(size=(8, model.encoder.output_shape[-1]))
    features = features.astype("float32")
    predicted = model.online_probe(features).numpy().argmax(axis=1)
    labels = np.int32([predicted[0], -1, (predicted[2] + 1) % 3, -1])
    projections = tf.random.stateless_normal([8, 8], [0, 0])
    result = model.update_metrics(features, projections, tf.constant(labels), tf.constant(1.0))
    # Views 0 and 4 carry label 0, views 2 and 6 label 2; the unlabelled four do not count.
    right = [predicted[row] == labels[row % 4] for row in (0, 2, 4, 6)]
    assert float(result["probe_accuracy"]) == pytest.approx(np.mean(right))


def test_evaluation_changes_no_weight(model, pictures):
    weights = model.get_weights()
    optimizer = [variable.numpy() for variable in model.optimizer.variables]
    result = model.evaluate(batches(pictures), verbose=0, return_dict=True)
    assert sorted(result) == sorted([*METRICS, "probe_accuracy"])
    assert_same_weights(weights, model.get_weights())
    assert_same_weights(optimizer, [variable.numpy() for variable in model.optimizer.variables])


def test_evaluation_draws_the_same_views_every_time(model, pictures):
    first = model.evaluate(batches(pictures), verbose=0, return_dict=True)
    model.augmenter.two_views(pictures[0])  # moves the generator of the training views on
    assert model.evaluate(batches(pictures), verbose=0, return_dict=True) == first


def test_pictures_alone_are_enough_without_a_probe(pictures):
    model = compiled(make_simclr(num_classes=0))
    model.run_eagerly = True
    history = fit(model, pictures[0], epochs=1)
    assert sorted(history) == sorted(METRICS)


def test_calling_the_model_gives_the_features_of_the_encoder(model, pictures):
    images = pictures[0][:4]
    np.testing.assert_array_equal(model(images), model.encoder(images, training=False))


def test_both_views_go_through_in_one_pass(pictures):
    # With batch statistics over all 2N rows their mean is that of the head's offset: zero.
    model = make_simclr()
    views = model.augmenter.two_views(pictures[0])
    _, projections = model.embed(views, training=True)
    assert projections.shape == (64, 8)
    np.testing.assert_allclose(np.mean(projections, axis=0), np.zeros(8), atol=1e-5)
    assert np.abs(np.mean(projections[:32], axis=0)).max() > 1e-3


def test_float16_with_loss_scaling_stays_finite(pictures):
    keras.utils.set_random_seed(0)
    encoder = build_encoder("resnet10", image_size=8, width=0.125, mixed_precision="float16")
    head = build_projection_head(64, mixed_precision="float16")
    model = SimCLR(encoder, head, make_augmenter(), temperature=0.05, num_classes=3)
    compiled(model, build_optimizer("sgd", 0.05, loss_scaling=True))
    before = encoder.get_weights()
    history = fit(model, pictures, epochs=3)
    assert np.isfinite(history["loss"]).all()
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert not np.array_equal(before[0], encoder.get_weights()[0])
    # The scale is halved where a gradient overflowed, as at the first steps it may.
    assert 1 < float(model.optimizer.dynamic_scale) <= model.optimizer.initial_scale


def test_every_argument_is_in_the_config():
    model = make_simclr(seed=4, num_classes=5, temperature=0.37, name="contrast")
    config = model.get_config()
    assert (config["temperature"], config["num_classes"], config["name"]) == (0.37, 5, "contrast")
    copy = SimCLR.from_config(config)
    assert (copy.temperature, copy.num_classes, copy.name) == (0.37, 5, "contrast")
    assert copy.encoder.get_config() == model.encoder.get_config()
    assert copy.projection_head.get_config() == model.projection_head.get_config()
    assert copy.augmenter.get_config() == model.augmenter.get_config()


def test_a_saved_model_has_the_same_weights_and_the_same_next_views(tmp_path, pictures):
    model = make_simclr(seed=4)
    images = pictures[0][:4]
    model.augmenter.two_views(images)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(images), model(images))
    assert_same_weights(model.online_probe.weights, loaded.online_probe.weights)
    np.testing.assert_array_equal(
        loaded.augmenter.two_views(images), model.augmenter.two_views(images)
    )


@pytest.mark.parametrize(
    "arguments, text",
    [
        ({"temperature": 0.0}, "`temperature` must be greater than 0. Received: temperature=0.0"),
        ({"temperature": -1}, "`temperature` must be greater than 0"),
        ({"num_classes": -1}, "`num_classes` must be at least 0. Received: num_classes=-1"),
    ],
)
def test_arguments_that_are_not_accepted_are_named(arguments, text):
    encoder = make_encoder()
    head = build_projection_head(encoder.output_shape[-1])
    with pytest.raises(ValueError, match=text):
        SimCLR(encoder, head, Augmenter([RandomFlip()]), **arguments)


def test_the_training_step_has_at_most_twenty_lines():
    source = textwrap.dedent(inspect.getsource(SimCLR.train_step))
    step = ast.parse(source).body[0]
    assert step.end_lineno - step.lineno + 1 <= 20
