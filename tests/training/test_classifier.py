import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import Augmenter, CutMix, MixUp, RandomSolarize
from simclr_tf.training import Classifier
from tests.training.conftest import make_augmenter, make_encoder, make_pictures


def make_classifier(learning_rate=0.0, seed=0, batch_normalization=False, **kwargs):
    keras.utils.set_random_seed(seed)
    encoder = make_encoder(batch_normalization=batch_normalization)
    model = Classifier(encoder, kwargs.pop("num_classes", 3), **kwargs)
    model.build((None, 8, 8, 3))
    optimizer = keras.optimizers.SGD(learning_rate)
    model.compile(optimizer=optimizer, jit_compile=False, run_eagerly=True)
    return model


def loop_cross_entropy(labels, logits, smoothing):
    """Row by row: minus the log-probabilities weighted by smoothed targets."""
    total, classes = 0.0, logits.shape[1]
    for label, row in zip(labels, logits.astype("float64"), strict=True):
        log_probabilities = row - np.log(np.exp(row).sum())
        for place in range(classes):
            target = (1 - smoothing) * (place == label) + smoothing / classes
            total -= target * log_probabilities[place]
    return total / len(labels)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_the_loss_equals_a_plain_loop_over_smoothed_targets(smoothing):
    generator = np.random.default_rng(0)
    logits = 3 * generator.normal(size=(7, 5)).astype("float32")
    labels = generator.integers(0, 5, 7).astype("int32")
    model = Classifier(make_encoder(), 5, label_smoothing=smoothing)
    loss = model.cross_entropy(labels, logits)
    np.testing.assert_allclose(loss, loop_cross_entropy(labels, logits, smoothing), rtol=1e-5)


def test_the_loss_equals_that_of_keras():
    logits = np.random.default_rng(1).normal(size=(6, 4)).astype("float32")
    labels = np.int32([0, 1, 2, 3, 0, 1])
    expected = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)(
        np.eye(4, dtype="float32")[labels], logits
    )
    loss = Classifier(make_encoder(), 4, label_smoothing=0.2).cross_entropy(labels, logits)
    np.testing.assert_allclose(loss, expected, rtol=1e-6)


def test_soft_targets_give_the_loss_of_keras():
    generator = np.random.default_rng(2)
    logits = generator.normal(size=(6, 4)).astype("float32")
    targets = generator.dirichlet(np.ones(4), size=6).astype("float32")
    expected = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)(
        targets, logits
    )
    loss = Classifier(make_encoder(), 4, label_smoothing=0.2).cross_entropy(
        tf.constant(targets), logits
    )
    np.testing.assert_allclose(loss, expected, rtol=1e-6)


@pytest.mark.parametrize("mixer_class", [MixUp, CutMix])
def test_mixed_pictures_are_learned_with_their_mixed_targets_in_training_alone(
    pictures, mixer_class
):
    images, labels = pictures
    model = make_classifier(label_mixer=mixer_class(alpha=1.0, seed=3))
    mixed, targets = mixer_class(alpha=1.0, seed=3)((images, np.eye(3)[labels]))
    of_mixtures = float(model.cross_entropy(targets, model(mixed)))
    of_pictures = float(model.cross_entropy(tf.constant(labels), model(images)))
    assert abs(of_mixtures - of_pictures) > 1e-4
    training = model.train_on_batch(images, labels, return_dict=True)
    evaluation = model.test_on_batch(images, labels, return_dict=True)
    assert training["loss"] == pytest.approx(of_mixtures, rel=1e-5)
    assert evaluation["loss"] == pytest.approx(of_pictures, rel=1e-5)


def test_huge_float16_logits_give_a_finite_loss():
    # The right class is 60,000 above the others: loss 0; the wrong one 60,000 below: 60,000.
    logits = tf.constant([[6e4, 0], [6e4, 0]], "float16")
    loss = Classifier(make_encoder(), 2).cross_entropy(tf.constant([0, 1]), logits)
    np.testing.assert_allclose(loss, 30_000, rtol=1e-3)


def test_pictures_are_augmented_in_training_alone(pictures):
    # Solarising everything from 0 up is the negative: 255 - x.
    images, labels = pictures
    negative = Augmenter([RandomSolarize(0, probability=1.0)], seed=0)
    model = make_classifier(augmenter=negative)
    of_pictures = float(model.cross_entropy(labels, model(images)))
    of_negatives = float(model.cross_entropy(labels, model(255.0 - images)))
    assert abs(of_pictures - of_negatives) > 1e-3
    training = model.train_on_batch(images, labels, return_dict=True)
    evaluation = model.test_on_batch(images, labels, return_dict=True)
    assert training["loss"] == pytest.approx(of_negatives, rel=1e-5)
    assert evaluation["loss"] == pytest.approx(of_pictures, rel=1e-5)


def test_training_learns_the_colours():
    images, labels = make_pictures(30)
    model = make_classifier(0.1, batch_normalization=True, augmenter=make_augmenter())
    history = model.fit(images, labels, batch_size=10, epochs=8, verbose=0, shuffle=False).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert model.evaluate(images, labels, verbose=0, return_dict=True)["accuracy"] > 0.8


def test_a_smaller_last_batch_weighs_less(pictures):
    images, labels = (part[:20] for part in pictures)
    model = make_classifier()
    logits = model(images).numpy()
    result = model.evaluate(images, labels, batch_size=16, verbose=0, return_dict=True)
    assert result["loss"] == pytest.approx(loop_cross_entropy(labels, logits, 0.0), rel=1e-5)
    assert result["accuracy"] == pytest.approx(np.mean(logits.argmax(axis=1) == labels))


def test_evaluation_changes_no_weight(pictures):
    model = make_classifier(0.1, batch_normalization=True)
    before = model.get_weights()
    model.evaluate(*pictures, verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_frozen_encoder_stays_as_it_is_while_the_head_learns(pictures):
    model = make_classifier(0.1, batch_normalization=True)
    model.encoder.trainable = False
    before, head = model.encoder.get_weights(), model.head.get_weights()
    model.train_on_batch(*pictures)
    for old, new in zip(before, model.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert not np.array_equal(head[0], model.head.get_weights()[0])


def test_every_argument_is_in_the_config():
    model = make_classifier(
        num_classes=5,
        label_smoothing=0.3,
        augmenter=make_augmenter(),
        label_mixer=MixUp(0.7),
        class_names=list("abcde"),
    )
    config = model.get_config()
    assert (config["num_classes"], config["label_smoothing"]) == (5, 0.3)
    copy = Classifier.from_config(config)
    assert (copy.num_classes, copy.label_smoothing) == (5, 0.3)
    assert config["class_names"] == list(copy.class_names) == list("abcde")
    assert copy.label_mixer.alpha == 0.7
    assert copy.augmenter.get_config() == model.augmenter.get_config()
    assert copy.encoder.get_config() == model.encoder.get_config()


@pytest.mark.parametrize("augmenter", [None, make_augmenter()])
def test_a_saved_classifier_gives_identical_logits(tmp_path, pictures, augmenter):
    model = make_classifier(
        0.1, batch_normalization=True, augmenter=augmenter, class_names=("red", "ö", "a/b")
    )
    model.train_on_batch(*pictures)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_array_equal(loaded(pictures[0]), model(pictures[0]))
    assert loaded.class_names == ("red", "ö", "a/b")


@pytest.mark.parametrize(
    "arguments, text",
    [
        ({"num_classes": 1}, "`num_classes` must be at least 2. Received: num_classes=1"),
        ({"num_classes": 2, "label_smoothing": 1.1}, "`label_smoothing` must be between 0 and 1"),
        ({"num_classes": 2, "label_smoothing": -0.1}, "`label_smoothing` must be between 0 and 1"),
        ({"num_classes": 3, "class_names": ["a", "b"]}, "name for each of the 3 .* Received: 2 n"),
    ],
)
def test_arguments_that_are_not_accepted_are_named(arguments, text):
    with pytest.raises(ValueError, match=text):
        Classifier(make_encoder(), **arguments)
