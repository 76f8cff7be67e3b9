import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.encoders import build_projection_head
from simclr_tf.training import SiameseTriplet, SupConFineTuner
from simclr_tf.training.microbatches import embed_in_microbatches, microbatch_gradients
from tests.training.conftest import make_augmenter, make_encoder, make_pictures


def make_model(model_class=SupConFineTuner, with_head=True, batch_normalization=False, **kwargs):
    """A model in which no picture's embedding depends on another, unless it is normalised."""
    keras.utils.set_random_seed(1)
    encoder = make_encoder(kwargs.pop("mixed_precision", "none"), batch_normalization)
    head = None
    if with_head:
        head = build_projection_head(
            encoder.output_shape[-1], hidden=16, output=8, batch_normalization=False
        )
    model = model_class(encoder, head, make_augmenter(), **kwargs)
    model.build((None, 8, 8, 3))
    model.compile(keras.optimizers.SGD(0.05), jit_compile=False)
    return model


JOINT = {"num_classes": 3, "cross_entropy_weight": 0.5}


@pytest.mark.parametrize("microbatch_size", [1, 4, 12])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        JOINT,
        {"with_head": False},
        {"with_head": False, **JOINT},
        {"model_class": SiameseTriplet, "mining": "all", **JOINT},
    ],
    ids=["supcon", "joint", "headless", "headless joint", "triplet joint"],
)
def test_loss_and_gradients_equal_those_of_one_tape(arguments, microbatch_size):
    model = make_model(microbatch_size=microbatch_size, **arguments)
    images, labels = make_pictures(12)
    labels = tf.constant(np.where(np.arange(12) == 5, -1, labels))
    views, view_labels = model.views(tf.constant(images), labels, training=True)
    z, values, expected = model.gradients_at_once(views, view_labels)
    found_z, found, gradients = microbatch_gradients(model, views, view_labels)
    np.testing.assert_allclose(found_z, z, rtol=1e-4, atol=1e-5)
    assert found.keys() == values.keys()
    for name, value in values.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4)
    assert len(gradients) == len(model.trainable_variables)
    for gradient, other in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, other, rtol=1e-3, atol=1e-5)


def test_batch_normalisation_sees_every_class_and_both_views_of_a_picture():
    seen = []

    class Recording(keras.layers.Layer):
        def call(self, pictures):
            if tf.executing_eagerly():
                seen.append(pictures.numpy()[:, 0, 0, 0].tolist())
            return pictures[:, 0, 0]

    encoder = keras.Sequential([keras.Input((1, 1, 1)), Recording()])
    model = SupConFineTuner(encoder, None, make_augmenter(), microbatch_size=3)
    # Two views of six pictures, three of a class in a row; 100 more in the second view.
    rows = np.float32([0, 1, 2, 3, 4, 5, 100, 101, 102, 103, 104, 105])
    features, z = embed_in_microbatches(model, rows.reshape(-1, 1, 1, 1), training=True)
    assert seen == [[0, 2, 4, 100, 102, 104], [1, 3, 5, 101, 103, 105]]
    for found in (features, z):
        np.testing.assert_array_equal(found[:, 0], rows)


def test_moving_statistics_change_once_a_microbatch():
    model = make_model(batch_normalization=True, microbatch_size=4)
    replayed = make_model(batch_normalization=True, microbatch_size=4)
    images, labels = make_pictures(12)
    views, view_labels = model.views(tf.constant(images), tf.constant(labels), training=True)
    microbatch_gradients(model, views, view_labels)
    embed_in_microbatches(replayed, views, training=True)
    for a, b in zip(
        model.encoder.non_trainable_weights, replayed.encoder.non_trainable_weights, strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize("mixed_precision", ["none", "bfloat16"])
def test_training_in_microbatches_learns_the_colours(mixed_precision):
    images, labels = make_pictures(24)
    # A class after the other, as `class_batches` gives them.
    order = np.argsort(labels, kind="stable")
    model = make_model(
        batch_normalization=True, mixed_precision=mixed_precision, microbatch_size=4, **JOINT
    )
    batches = tf.data.Dataset.from_tensors((images[order], labels[order])).repeat(8)
    history = model.fit(batches, epochs=3, shuffle=False, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert history["batch_top_1"][-1] > 0.9


def test_the_microbatch_size_is_in_the_config():
    for model_class in (SupConFineTuner, SiameseTriplet):
        model = make_model(model_class, microbatch_size=4)
        assert model_class.from_config(model.get_config()).microbatch_size == 4


def test_a_microbatch_size_below_one_is_refused():
    with pytest.raises(ValueError, match="`microbatch_size` must be at least 1. Received: micro"):
        make_model(microbatch_size=0)


def test_a_batch_that_is_not_divided_is_refused():
    text = "`microbatch_size` must divide the batch. Received: microbatch_size=5, a batch of 12"
    with pytest.raises(ValueError, match=text):
        make_model(microbatch_size=5).train_on_batch(*make_pictures(12))
