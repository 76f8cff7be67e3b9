import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import Augmenter
from simclr_tf.encoders import build_encoder, build_projection_head
from simclr_tf.optimizers import build_optimizer
from simclr_tf.training import SiameseTriplet, SimCLR, SupConFineTuner
from simclr_tf.training.gradient_cache import embed_pictures, step_gradients
from tests.training.conftest import make_augmenter, make_encoder, make_pictures, make_simclr

JOINT = {"num_classes": 3, "cross_entropy_weight": 0.5}
MODELS = {
    "simclr": (SimCLR, {}),
    "simclr with probe": (SimCLR, {"num_classes": 3}),
    "supcon": (SupConFineTuner, {}),
    "supcon joint": (SupConFineTuner, JOINT),
    "headless": (SupConFineTuner, {"with_head": False}),
    "headless joint": (SupConFineTuner, {"with_head": False, **JOINT}),
    "triplet": (SiameseTriplet, {"mining": "all", "augmenter": None}),
    "triplet joint": (SiameseTriplet, {"mining": "all", **JOINT}),
}
AUGMENTER = make_augmenter()


def make_exact(model_class=SimCLR, dropout=0.0, with_head=True, augmenter=AUGMENTER, **kwargs):
    """A model in which no picture's embedding depends on another picture."""
    keras.utils.set_random_seed(1)
    layers = [keras.Input((8, 8, 3)), keras.layers.Rescaling(1 / 127.5, -1.0)]
    layers += [keras.layers.Conv2D(6, 3, strides=2), keras.layers.GroupNormalization(3)]
    layers += [keras.layers.Activation("gelu"), keras.layers.Flatten()]
    layers.append(keras.layers.Dropout(dropout, seed=3))
    encoder = keras.Sequential(layers)
    head = None
    if with_head:
        head = build_projection_head(
            encoder.output_shape[-1], hidden=16, output=8, batch_normalization=False
        )
    return compiled(model_class(encoder, head, augmenter, **kwargs))


def compiled(model, optimizer=None, **kwargs):
    model.build((None, 8, 8, 3))
    model.compile(optimizer or keras.optimizers.SGD(0.05), jit_compile=False, **kwargs)
    return model


def rows_of(number, size, batch):
    """Rows of the pictures in a micro-batch, written from its definition."""
    count = batch // size
    shifts = [place * max(count, size) // size for place in range(size)]
    return [(number + shifts[place]) % count * size + place for place in range(size)]


def views_in_parts(model, images, seed):
    """All views in the order of the batch, as the micro-batches draw them."""
    size, views = model.microbatch_size, model.views_per_picture
    drawn = np.zeros((views, len(images), 8, 8, 3), np.float32)
    for number in range(len(images) // size):
        rows = rows_of(number, size, len(images))
        part = model.views(tf.gather(images, rows), tf.random.fold_in(seed, number))
        drawn[:, rows] = tf.reshape(part, [views, size, 8, 8, 3])
    return tf.constant(drawn.reshape(-1, 8, 8, 3))


def by_one_tape(model, images, labels):
    """Embeddings, losses and gradients of the whole batch, with the micro-batches' views."""
    views = views_in_parts(model, images, next_seed(model))
    with tf.GradientTape() as tape:
        features, z = model.embed(views, training=True)
        values = model.measure(features, z, labels, training=True)
        loss = values["loss"] + values.get("probe_loss", 0.0)
    return z, values, tape.gradient(loss, model.trainable_variables)


def next_seed(model):
    """The seed that the model will draw next, without drawing it."""
    if model.augmenter is None:
        return model.next_seed()
    state = model.augmenter.seed_generator.state
    kept = tf.identity(state)
    seed = model.next_seed()
    state.assign(kept)
    return seed


def assert_close(found, expected, rtol=1e-4, atol=1e-5):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def in_batches(pictures, size=16):
    return tf.data.Dataset.from_tensor_slices(pictures).batch(size, drop_remainder=True)


@pytest.mark.parametrize(
    ("name", "microbatch_size"),
    [*((name, 4) for name in MODELS), *(("supcon joint", size) for size in (1, 2, 12))],
)
def test_loss_and_gradients_equal_those_of_one_tape(name, microbatch_size):
    model_class, arguments = MODELS[name]
    model = make_exact(model_class, microbatch_size=microbatch_size, **arguments)
    images, labels = make_pictures(12)
    labels = np.where(labels == 2, -1, labels).astype("int32")
    if model_class is not SimCLR:
        labels = np.tile(labels, model.views_per_picture)
    images, labels = tf.constant(images), tf.constant(labels)
    z, values, gradients = by_one_tape(model, images, labels)
    step = step_gradients(model, images, labels)
    assert_close([step.z], [z])
    assert step.values.keys() == values.keys()
    assert_close(step.values.values(), values.values())
    assert len(step.gradients) == len(model.trainable_variables)
    assert_close(step.gradients, gradients, rtol=1e-3)


def test_a_probe_without_labels_gets_no_gradient():
    model = make_exact(num_classes=3, microbatch_size=4)
    step = step_gradients(model, tf.constant(make_pictures(12)[0]), None)
    missing = [
        variable
        for variable, gradient in zip(model.trainable_variables, step.gradients, strict=True)
        if gradient is None
    ]
    assert missing == model.online_probe.trainable_variables


def largest_error(normalization, microbatch_size):
    """Of a whole ResNet-10's gradients by cache and by one tape, by the largest entry of each."""
    keras.utils.set_random_seed(1)
    encoder = build_encoder("resnet10", image_size=8, width=0.125, normalization=normalization)
    head = build_projection_head(64, output=8, batch_normalization=normalization == "batch")
    model = compiled(SimCLR(encoder, head, make_augmenter(), microbatch_size=microbatch_size))
    images = tf.constant(make_pictures(12)[0])
    _, values, expected = by_one_tape(model, images, None)
    step = step_gradients(model, images, None)
    errors = [
        np.abs(found - gradient).max() / np.abs(gradient).max()
        for found, gradient in zip(step.gradients, expected, strict=True)
    ]
    return max(*errors, abs(float(step.values["loss"] / values["loss"] - 1)))


def test_a_resnet_with_group_normalization_has_the_gradients_of_one_tape():
    assert largest_error("group", 6) < 1e-4


def test_a_resnet_with_batch_normalization_is_normalised_by_microbatches():
    # The documented exception: another network than the one that sees the whole batch.
    assert largest_error("batch", 4) > 1e-2
    assert largest_error("batch", 12) < 1e-4


@pytest.mark.parametrize("with_head", [True, False])
def test_views_and_embeddings_are_in_the_order_of_the_pictures(with_head):
    model = make_exact(microbatch_size=4, augmenter=Augmenter([]), with_head=with_head)
    images = tf.constant(make_pictures(12)[0])
    found = embed_pictures(model, images, tf.constant([0, 0]), training=False)
    assert_close(found, model.embed(tf.concat([images, images], axis=0), training=False))


def test_a_microbatch_has_both_views_of_pictures_from_all_over_the_batch():
    seen = []

    class Recording(keras.layers.Layer):
        def call(self, pictures):
            if tf.executing_eagerly():
                seen.append(pictures.numpy()[:, 0, 0, 0].tolist())
            return pictures[:, 0, 0]

    encoder = keras.Sequential([keras.Input((1, 1, 3)), Recording()])
    model = SupConFineTuner(encoder, None, Augmenter([]), microbatch_size=4)
    # Four of a class in a row.
    pictures = tf.reshape(tf.repeat(tf.range(12.0), 3), [12, 1, 1, 3])
    embed_pictures(model, pictures, tf.constant([0, 0]), training=True)
    assert [rows[:4] for rows in seen] == [[0, 5, 10, 3], [4, 9, 2, 7], [8, 1, 6, 11]]
    assert [rows[4:] for rows in seen] == [rows[:4] for rows in seen]
    seen.clear()
    # Few places reach through the whole batch.
    model.microbatch_size = 2
    embed_pictures(model, pictures, tf.constant([0, 0]), training=True)
    assert [rows[:2] for rows in seen] == [[0, 7], [2, 9], [4, 11], [6, 1], [8, 3], [10, 5]]


def test_dropout_draws_alike_in_both_passes():
    # One micro-batch: the draws are those of one pass over the whole batch.
    model = make_exact(microbatch_size=6, dropout=0.5)
    images = tf.constant(make_pictures(6)[0])
    state = [tf.identity(variable) for variable in model.encoder.non_trainable_variables]
    *_, expected = by_one_tape(model, images, None)
    for variable, value in zip(model.encoder.non_trainable_variables, state, strict=True):
        variable.assign(value)
    assert_close(step_gradients(model, images, None).gradients, expected)


def test_moving_statistics_are_updated_once_a_microbatch():
    model = compiled(make_simclr(num_classes=0, microbatch_size=4), keras.optimizers.SGD(0.0))
    images = make_pictures(12)[0]
    views = tf.reshape(views_in_parts(model, images, next_seed(model)), [2, 12, 8, 8, 3])
    once = keras.models.clone_model(model.encoder)
    once.set_weights(model.encoder.get_weights())
    for number in range(3):
        part = tf.gather(views, rows_of(number, 4, 12), axis=1)
        once(tf.reshape(part, [8, 8, 8, 3]), training=True)
    step_gradients(model, tf.constant(images), None)
    assert_close(model.encoder.get_weights(), once.get_weights(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("eager", [True, False])
def test_simclr_trains_and_evaluates_in_microbatches(eager, pictures):
    model = compiled(make_simclr(microbatch_size=4), run_eagerly=eager)
    batches = in_batches(pictures)
    history = model.fit(
        batches, validation_data=batches, epochs=3, shuffle=False, verbose=0
    ).history
    assert history["loss"][-1] < history["loss"][0]
    assert np.isfinite(history["val_loss"]).all()
    assert sorted(name for name in history if "val" not in name) == sorted(
        tracker.name for tracker in model.metrics
    )


@pytest.mark.parametrize("mixed_precision", ["none", "bfloat16"])
def test_supcon_in_microbatches_learns_the_colours(mixed_precision):
    images, labels = make_pictures(24)
    # A class after the other, as `class_batches` gives them.
    order = np.argsort(labels, kind="stable")
    keras.utils.set_random_seed(1)
    encoder = make_encoder(mixed_precision)
    head = build_projection_head(
        encoder.output_shape[-1], hidden=16, output=8, batch_normalization=False
    )
    model = SupConFineTuner(encoder, head, make_augmenter(), microbatch_size=4, **JOINT)
    batches = tf.data.Dataset.from_tensors((images[order], labels[order])).repeat(8)
    history = compiled(model).fit(batches, epochs=3, shuffle=False, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert history["batch_top_1"][-1] > 0.9


def test_evaluation_draws_the_same_views_every_time(pictures):
    model = compiled(make_simclr(microbatch_size=4))
    first = model.evaluate(in_batches(pictures), verbose=0, return_dict=True)
    model.augmenter.two_views(pictures[0])
    assert model.evaluate(in_batches(pictures), verbose=0, return_dict=True) == first


def test_float16_with_loss_scaling_trains_as_at_once():
    # The scaled gradient at the projections goes back through the float16 layers.
    model = make_simclr(num_classes=3, mixed_precision="float16", microbatch_size=8)
    compiled(model, build_optimizer("sgd", 0.05, loss_scaling=True))
    model.optimizer.build(model.trainable_variables)
    images, labels = make_pictures(8)
    *_, expected = by_one_tape(model, images, tf.constant(labels))
    model.optimizer.dynamic_scale.assign(256.0)
    step = step_gradients(model, tf.constant(images), tf.constant(labels))
    for found, gradient in zip(step.gradients, expected, strict=True):
        tolerance = 0.02 * float(tf.reduce_max(tf.abs(gradient))) + 1e-4
        np.testing.assert_allclose(found / 256.0, gradient, atol=tolerance)
    before = model.encoder.get_weights()
    for _ in range(3):
        result = model.train_on_batch(images, labels, return_dict=True)
    assert np.isfinite(result["loss"])
    assert not np.array_equal(before[0], model.encoder.get_weights()[0])
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def operations(batch):
    model = compiled(make_simclr(num_classes=0, microbatch_size=4))
    step = tf.function(lambda images: step_gradients(model, images, None).gradients)
    graph = step.get_concrete_function(tf.TensorSpec([batch, 8, 8, 3], tf.uint8)).graph
    return len(graph.as_graph_def().node) + sum(
        len(function.node_def) for function in graph.as_graph_def().library.function
    )


def test_the_graph_does_not_grow_with_the_number_of_microbatches():
    assert operations(64) == operations(16)


@pytest.mark.parametrize("model_class", [SimCLR, SupConFineTuner, SiameseTriplet])
def test_the_microbatch_size_is_in_the_config(model_class):
    model = make_exact(model_class, microbatch_size=4)
    assert model.get_config()["microbatch_size"] == 4
    assert model_class.from_config(model.get_config()).microbatch_size == 4


@pytest.mark.parametrize("model_class", [SimCLR, SupConFineTuner, SiameseTriplet])
def test_a_microbatch_size_below_one_is_refused(model_class):
    with pytest.raises(ValueError, match="`microbatch_size` must be at least 1. Received: micro"):
        make_exact(model_class, microbatch_size=0)


@pytest.mark.parametrize("model_class", [SimCLR, SupConFineTuner])
def test_a_batch_that_is_not_divided_is_refused(model_class):
    model = make_exact(model_class, microbatch_size=5)
    text = "`microbatch_size` must divide the batch. Received: microbatch_size=5, a batch of 12"
    with pytest.raises(ValueError, match=text):
        model.train_on_batch(*make_pictures(12))
    if model_class is SimCLR:
        with pytest.raises(ValueError, match=text):
            model.test_on_batch(*make_pictures(12))


def test_a_batch_of_unknown_size_is_refused_when_it_is_not_divided():
    model = make_exact(microbatch_size=4)

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 3], tf.uint8)])
    def embed(images):
        return embed_pictures(model, images, tf.constant([0, 0]), training=False)

    images = make_pictures(12)[0]
    assert embed(images)[1].shape == (24, 8)
    with pytest.raises(tf.errors.InvalidArgumentError, match="`microbatch_size` must divide"):
        embed(images[:10])
