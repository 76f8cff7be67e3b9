import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import Augmenter
from simclr_tf.encoders import build_encoder, build_projection_head
from simclr_tf.optimizers import build_optimizer
from simclr_tf.training import SimCLR
from simclr_tf.training.gradient_cache import cached_gradients, embed_in_microbatches
from tests.training.conftest import make_augmenter, make_encoder, make_pictures, make_simclr


def make_exact(microbatch_size, normalization="group", dropout=0.0, augmenter=None, **kwargs):
    """A model in which no picture's embedding depends on another picture."""
    keras.utils.set_random_seed(1)
    layers = [keras.Input((8, 8, 3)), keras.layers.Rescaling(1 / 127.5, -1.0)]
    layers.append(keras.layers.Conv2D(6, 3, strides=2))
    if normalization == "group":
        layers.append(keras.layers.GroupNormalization(3))
    layers += [keras.layers.Activation("gelu"), keras.layers.Flatten()]
    layers.append(keras.layers.Dropout(dropout, seed=3))
    encoder = keras.Sequential(layers)
    head = build_projection_head(
        encoder.output_shape[-1], hidden=16, output=8, batch_normalization=False
    )
    augmenter = augmenter or make_augmenter()
    model = SimCLR(encoder, head, augmenter, microbatch_size=microbatch_size, **kwargs)
    model.build((None, 8, 8, 3))
    model.compile(keras.optimizers.SGD(0.05), jit_compile=False)
    return model


def uncached_gradients(model, images, labels, seed):
    """One tape over the whole batch, with the views that the micro-batches draw."""
    size = model.microbatch_size
    parts = [
        tf.split(model.augmenter.two_views(images[at : at + size], tf.random.fold_in(seed, m)), 2)
        for m, at in enumerate(range(0, len(images), size))
    ]
    views = tf.concat([part[view] for view in (0, 1) for part in parts], axis=0)
    with tf.GradientTape() as tape:
        features, projections = model.embed(views, training=True)
        losses = model.compute_losses(features, projections, labels)
        loss = losses["loss"] + losses.get("probe_loss", 0.0)
    return losses["loss"], tape.gradient(loss, model.trainable_variables)


def next_seed(model):
    """The seed that the model will draw next, without drawing it."""
    state = model.augmenter.seed_generator.state
    kept = tf.identity(state)
    seed = model.augmenter.next_seed()
    state.assign(kept)
    return seed


@pytest.mark.parametrize("normalization", ["group", "none"])
@pytest.mark.parametrize("microbatch_size", [1, 4, 12])
@pytest.mark.parametrize("num_classes", [0, 3])
def test_loss_and_gradients_equal_those_of_one_tape(microbatch_size, normalization, num_classes):
    model = make_exact(microbatch_size, normalization, num_classes=num_classes)
    images, labels = make_pictures(12)
    labels = tf.constant(np.where(labels == 2, -1, labels))
    loss, expected = uncached_gradients(model, images, labels, next_seed(model))
    step = cached_gradients(model, tf.constant(images), labels)
    np.testing.assert_allclose(step.loss, loss, rtol=1e-5)
    assert len(step.gradients) == len(model.trainable_variables)
    for found, gradient in zip(step.gradients, expected, strict=True):
        np.testing.assert_allclose(found, gradient, rtol=1e-4, atol=1e-5)


def largest_error(normalization, microbatch_size):
    """Of a whole ResNet-10's gradients by cache and by one tape, by the largest entry of each."""
    keras.utils.set_random_seed(1)
    encoder = build_encoder("resnet10", image_size=8, width=0.125, normalization=normalization)
    head = build_projection_head(64, output=8, batch_normalization=normalization == "batch")
    model = SimCLR(encoder, head, make_augmenter(), microbatch_size=microbatch_size)
    model.build((None, 8, 8, 3))
    model.compile(keras.optimizers.SGD(0.05), jit_compile=False)
    images = tf.constant(make_pictures(12)[0])
    loss, expected = uncached_gradients(model, images, None, next_seed(model))
    step = cached_gradients(model, images, None)
    errors = [
        np.abs(found - gradient).max() / np.abs(gradient).max()
        for found, gradient in zip(step.gradients, expected, strict=True)
    ]
    return max(*errors, abs(float(step.loss / loss - 1)))


@pytest.mark.parametrize("microbatch_size", [2, 6])
def test_a_resnet_with_group_normalization_has_the_gradients_of_one_tape(microbatch_size):
    assert largest_error("group", microbatch_size) < 1e-4


def test_a_resnet_with_batch_normalization_is_normalised_by_microbatches():
    # The documented exception: another network than the one that sees the whole batch.
    assert largest_error("batch", 4) > 1e-2
    assert largest_error("batch", 12) < 1e-4


def test_views_and_projections_are_in_the_order_of_the_pictures():
    model = make_exact(4, augmenter=Augmenter([]))
    images = tf.constant(make_pictures(12)[0])
    features, projections = embed_in_microbatches(model, images, tf.constant([0, 0]), False)
    expected = model.embed(tf.concat([images, images], axis=0), training=False)
    np.testing.assert_allclose(features, expected[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(projections, expected[1], rtol=1e-5, atol=1e-5)


def test_dropout_draws_alike_in_both_passes():
    # One micro-batch: the draws are those of one pass over the whole batch.
    model = make_exact(6, dropout=0.5)
    images = tf.constant(make_pictures(6)[0])
    state = [tf.identity(variable) for variable in model.encoder.non_trainable_variables]
    _, expected = uncached_gradients(model, images, None, next_seed(model))
    for variable, value in zip(model.encoder.non_trainable_variables, state, strict=True):
        variable.assign(value)
    step = cached_gradients(model, images, None)
    for found, gradient in zip(step.gradients, expected, strict=True):
        np.testing.assert_allclose(found, gradient, rtol=1e-4, atol=1e-5)


def test_moving_statistics_are_updated_once_a_microbatch():
    model = make_simclr(num_classes=0, microbatch_size=4)
    model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
    images = make_pictures(12)[0]
    seed = next_seed(model)
    once = keras.models.clone_model(model.encoder)
    once.set_weights(model.encoder.get_weights())
    for number in range(3):
        pictures = images[4 * number : 4 * number + 4]
        once(model.augmenter.two_views(pictures, tf.random.fold_in(seed, number)), training=True)
    cached_gradients(model, tf.constant(images), None)
    for found, expected in zip(model.encoder.get_weights(), once.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("eager", [True, False])
def test_fit_trains_and_evaluates_in_microbatches(eager, pictures):
    model = make_simclr(microbatch_size=4)
    model.compile(keras.optimizers.SGD(0.05), jit_compile=False, run_eagerly=eager)
    batches = tf.data.Dataset.from_tensor_slices(pictures).batch(16, drop_remainder=True)
    history = model.fit(
        batches, validation_data=batches, epochs=3, shuffle=False, verbose=0
    ).history
    assert history["loss"][-1] < history["loss"][0]
    assert np.isfinite(history["val_loss"]).all()
    assert sorted(name for name in history if "val" not in name) == sorted(
        tracker.name for tracker in model.metrics
    )


def test_evaluation_draws_the_same_views_every_time(pictures):
    model = make_simclr(microbatch_size=4)
    model.compile(keras.optimizers.SGD(0.05), jit_compile=False)
    batches = tf.data.Dataset.from_tensor_slices(pictures).batch(16, drop_remainder=True)
    first = model.evaluate(batches, verbose=0, return_dict=True)
    model.augmenter.two_views(pictures[0])
    assert model.evaluate(batches, verbose=0, return_dict=True) == first


def test_float16_with_loss_scaling_trains_as_at_once():
    # The scaled gradient at the projections goes back through the float16 layers.
    model = make_simclr(num_classes=3, mixed_precision="float16", microbatch_size=8)
    model.compile(build_optimizer("sgd", 0.05, loss_scaling=True), jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    images, labels = make_pictures(8)
    _, expected = uncached_gradients(model, images, tf.constant(labels), next_seed(model))
    model.optimizer.dynamic_scale.assign(256.0)
    step = cached_gradients(model, tf.constant(images), tf.constant(labels))
    for found, gradient in zip(step.gradients, expected, strict=True):
        tolerance = 0.02 * float(tf.reduce_max(tf.abs(gradient))) + 1e-4
        np.testing.assert_allclose(found / 256.0, gradient, atol=tolerance)
    before = model.encoder.get_weights()
    for _ in range(3):
        result = model.train_on_batch(images, labels, return_dict=True)
    assert np.isfinite(result["loss"])
    assert not np.array_equal(before[0], model.encoder.get_weights()[0])
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def operations(batch, microbatch_size):
    model = make_simclr(num_classes=0, microbatch_size=microbatch_size)
    model.compile(keras.optimizers.SGD(0.05), jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    step = tf.function(lambda images: model.train_step((images,)))
    graph = step.get_concrete_function(tf.TensorSpec([batch, 8, 8, 3], tf.uint8)).graph
    return len(graph.as_graph_def().node) + sum(
        len(function.node_def) for function in graph.as_graph_def().library.function
    )


def test_the_graph_does_not_grow_with_the_number_of_microbatches():
    assert operations(64, 4) == operations(8, 4)


def test_the_microbatch_size_is_in_the_config():
    model = make_simclr(microbatch_size=4)
    assert model.get_config()["microbatch_size"] == 4
    assert SimCLR.from_config(model.get_config()).microbatch_size == 4


def test_a_microbatch_size_below_one_is_refused():
    encoder = make_encoder()
    head = build_projection_head(encoder.output_shape[-1])
    with pytest.raises(ValueError, match="`microbatch_size` must be at least 1. Received: micro"):
        SimCLR(encoder, head, make_augmenter(), microbatch_size=0)


def test_a_batch_that_is_not_divided_is_refused():
    model = make_exact(5)
    images = make_pictures(12)[0]
    text = "`microbatch_size` must divide the batch. Received: microbatch_size=5, a batch of 12"
    with pytest.raises(ValueError, match=text):
        model.train_on_batch(images)
    with pytest.raises(ValueError, match=text):
        model.test_on_batch(images)


def test_a_batch_of_unknown_size_is_refused_when_it_is_not_divided():
    model = make_exact(4)

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 3], tf.uint8)])
    def embed(images):
        return embed_in_microbatches(model, images, tf.constant([0, 0]), training=False)

    images = make_pictures(12)[0]
    assert embed(images)[1].shape == (24, 8)
    with pytest.raises(tf.errors.InvalidArgumentError, match="`microbatch_size` must divide"):
        embed(images[:10])
