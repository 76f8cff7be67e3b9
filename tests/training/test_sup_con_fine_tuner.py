import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.encoders import build_projection_head
from simclr_tf.losses import sup_con
from simclr_tf.training import SupConFineTuner
from tests.training.conftest import make_augmenter, make_encoder, make_pictures


def make_model(learning_rate=0.0, seed=0, mixed_precision="none", optimizer=None, **kwargs):
    keras.utils.set_random_seed(seed)
    encoder = make_encoder(mixed_precision, kwargs.pop("batch_normalization", True))
    head = build_projection_head(
        encoder.output_shape[-1], hidden=16, output=8, mixed_precision=mixed_precision
    )
    model = SupConFineTuner(encoder, head, make_augmenter(seed), **kwargs)
    model.build((None, 8, 8, 3))
    optimizer = optimizer or keras.optimizers.SGD(learning_rate)
    model.compile(optimizer=optimizer, jit_compile=False, run_eagerly=True)
    return model


def loop_sup_con(z, labels, temperature):
    """L_out of the paper, row by row; rows without positives left out of the mean."""
    z = z.astype("float64") / np.linalg.norm(z.astype("float64"), axis=1, keepdims=True)
    losses = []
    for i, label in enumerate(labels):
        others = [j for j in range(len(z)) if j != i]
        positives = [j for j in others if labels[j] == label and label >= 0]
        if positives:
            total = np.log(sum(np.exp(z[i] @ z[j] / temperature) for j in others))
            losses.append(np.mean([total - z[i] @ z[j] / temperature for j in positives]))
    return np.mean(losses)


def embedded(model, images):
    views = model.augmenter.two_views(images, tf.constant([0, 0]))
    features = model.encoder(views, training=False)
    return features.numpy(), model.projection_head(features, training=False).numpy()


def test_the_loss_is_sup_con_over_both_views_of_the_batch(pictures):
    images, labels = (part[:10] for part in pictures)
    labels = np.where(np.arange(10) < 7, labels, -1).astype("int32")
    model = make_model(temperature=0.3)
    _, z = embedded(model, images)
    expected = loop_sup_con(z, np.tile(labels, 2), 0.3)
    found = model.test_on_batch(images, labels, return_dict=True)
    assert found["loss"] == pytest.approx(expected, rel=1e-4)


def test_a_training_step_follows_the_gradient_of_that_loss(pictures):
    images, labels = pictures
    model, copy = make_model(0.5, batch_normalization=False), make_model(batch_normalization=False)
    model.train_on_batch(images, labels)
    views = copy.augmenter.two_views(images)
    with tf.GradientTape() as tape:
        z = copy.projection_head(copy.encoder(views, training=True), training=True)
        loss = sup_con(z, np.tile(labels, 2), 0.1)
    for variable, start, gradient in zip(
        model.trainable_variables,
        copy.trainable_variables,
        tape.gradient(loss, copy.trainable_variables),
        strict=True,
    ):
        np.testing.assert_allclose(variable, start - 0.5 * gradient, rtol=1e-4, atol=1e-6)


def test_the_joint_loss_adds_the_weighted_cross_entropy_of_the_labelled_rows(pictures):
    images, labels = (part[:8] for part in pictures)
    labels = np.where(np.arange(8) < 6, labels, -1).astype("int32")
    model = make_model(num_classes=3, cross_entropy_weight=0.25)
    features, z = embedded(model, images)
    logits = features @ model.class_head.kernel.numpy() + model.class_head.bias.numpy()
    both = np.tile(labels, 2)
    errors = [
        np.log(np.exp(row - row[label]).sum())
        for row, label in zip(logits.astype("float64"), both, strict=True)
        if label >= 0
    ]
    right = [row.argmax() == y for row, y in zip(logits, both, strict=True) if y >= 0]
    found = model.test_on_batch(images, labels, return_dict=True)
    contrastive = loop_sup_con(z, both, 0.1)
    assert found["metric_loss"] == pytest.approx(contrastive, rel=1e-4)
    assert found["cross_entropy_loss"] == pytest.approx(np.mean(errors), rel=1e-4)
    assert found["accuracy"] == pytest.approx(np.mean(right))
    assert found["loss"] == pytest.approx(contrastive + 0.25 * np.mean(errors), rel=1e-4)


def test_without_a_weight_there_is_no_classification_layer(pictures):
    model = make_model(num_classes=3)
    assert model.class_head is None
    assert set(model.test_on_batch(*pictures, return_dict=True)) == {"loss", "batch_top_1"}


def test_unlabelled_pictures_are_negatives_only(pictures):
    images, labels = (part[:9] for part in pictures)
    model = make_model()
    alone = model.test_on_batch(images[:6], labels[:6], return_dict=True)["loss"]
    hidden = np.concatenate([labels[:6], [-1, -1, -1]]).astype("int32")
    with_negatives = model.test_on_batch(images, hidden, return_dict=True)["loss"]
    assert with_negatives > alone


def test_a_batch_without_labels_at_all_changes_nothing(pictures):
    model = make_model(0.1, batch_normalization=False, num_classes=3, cross_entropy_weight=1.0)
    before = [variable.numpy() for variable in model.trainable_variables]
    found = model.train_on_batch(pictures[0], np.full(32, -1, "int32"), return_dict=True)
    assert found["loss"] == 0.0
    for old, new in zip(before, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("mixed_precision", ["none", "bfloat16", "float16"])
def test_training_learns_the_colours(mixed_precision):
    images, labels = make_pictures(30)
    optimizer = keras.optimizers.SGD(0.05)
    if mixed_precision == "float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model = make_model(mixed_precision=mixed_precision, optimizer=optimizer)
    history = model.fit(images, labels, batch_size=15, epochs=8, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert history["loss"][-1] < history["loss"][0]
    assert history["batch_top_1"][-1] > 0.9


def test_evaluation_changes_no_weight_and_repeats_itself(pictures):
    model = make_model(0.1)
    before = model.get_weights()
    first = model.test_on_batch(*pictures, return_dict=True)
    assert model.test_on_batch(*pictures, return_dict=True) == first
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_calling_the_model_gives_features(pictures):
    model = make_model()
    np.testing.assert_array_equal(model(pictures[0]), model.encoder(pictures[0], training=False))


def test_every_argument_is_in_the_config():
    model = make_model(temperature=0.3, num_classes=5, cross_entropy_weight=0.7)
    copy = SupConFineTuner.from_config(model.get_config())
    assert (copy.temperature, copy.num_classes, copy.cross_entropy_weight) == (0.3, 5, 0.7)
    for part in ("encoder", "projection_head", "augmenter"):
        assert getattr(copy, part).get_config() == getattr(model, part).get_config()


def test_a_saved_model_gives_identical_features_and_projections(tmp_path, pictures):
    model = make_model(0.1, num_classes=3, cross_entropy_weight=1.0)
    model.train_on_batch(*pictures)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    for saved, read in zip(
        embedded(model, pictures[0]), embedded(loaded, pictures[0]), strict=True
    ):
        np.testing.assert_array_equal(saved, read)
    np.testing.assert_array_equal(loaded.class_head.kernel, model.class_head.kernel)


def test_pictures_without_labels_are_refused(pictures):
    with pytest.raises(ValueError, match="`fit` must be given labels"):
        make_model().fit(pictures[0], verbose=0)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"temperature": 0.0}, "`temperature` must be greater than 0. Received: temperature=0.0"),
        ({"num_classes": -1}, "`num_classes` must be at least 0"),
        ({"num_classes": 1, "cross_entropy_weight": 1.0}, "`num_classes` must be at least 2"),
        ({"cross_entropy_weight": -0.1}, "`cross_entropy_weight` must be at least 0"),
    ],
)
def test_arguments_that_are_not_accepted_are_named(arguments, text):
    with pytest.raises(ValueError, match=text):
        make_model(**arguments)
