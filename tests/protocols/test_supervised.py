import dataclasses

import keras
import numpy as np
import pytest

from simclr_tf.evaluation import extract_features, fit_linear_probe
from simclr_tf.protocols import supervised, train_baseline, train_supervised
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.runs import RunFolder
from simclr_tf.training import Classifier
from tests.protocols.conftest import small_encoder


@pytest.fixture(autouse=True)
def same_weights():
    keras.utils.set_random_seed(0)


@pytest.fixture
def run(tmp_path):
    with RunFolder.create(tmp_path / "run", {}) as run:
        yield run


@pytest.fixture
def planned(monkeypatch):
    """Plans, and no training."""
    plans = []

    def train(model, kept, batches, plan, run, **named):
        plans.append(plan)
        return kept.get_weights()

    monkeypatch.setattr(supervised, "train", train)
    return plans


def labels_of_two_classes(splits):
    return splits.train.subset(np.isin(splits.train.labels, [0, 2]))


def test_the_classifier_starts_with_the_logits_of_the_probe(splits):
    encoder = small_encoder()
    labelled = labels_of_two_classes(splits)
    features = extract_features(encoder, labelled.images)
    probe = fit_linear_probe(features, labelled.labels, features, labelled.labels)
    model = Classifier(encoder, num_classes=3)
    model.build((None, 8, 8, 3))
    supervised._start_from_probe(model, probe)
    logits = np.asarray(model(splits.test.images, training=False))
    # The probe's own sum, from standardised features.
    tested = extract_features(encoder, splits.test.images)
    expected = (tested - probe.mean) / probe.scale @ probe.weights + probe.bias
    np.testing.assert_allclose(logits[:, [0, 2]], expected, rtol=1e-4, atol=1e-4)


def test_a_class_that_the_probe_never_saw_starts_below_the_others(splits):
    encoder = small_encoder()
    labelled = labels_of_two_classes(splits)
    features = extract_features(encoder, labelled.images)
    probe = fit_linear_probe(features, labelled.labels, features, labelled.labels)
    model = Classifier(encoder, num_classes=3)
    model.build((None, 8, 8, 3))
    supervised._start_from_probe(model, probe)
    logits = np.asarray(model(splits.train.images, training=False))
    assert (logits.argmax(axis=1) != 1).all()
    assert np.isfinite(logits).all()


def test_a_start_that_is_too_sure_of_itself_is_scaled_down_and_predicts_the_same(splits):
    model = Classifier(small_encoder(), num_classes=3)
    model.build((None, 8, 8, 3))
    generator = np.random.default_rng(0)
    kernel, bias = model.head.get_weights()
    model.head.set_weights([50 * generator.normal(size=kernel.shape), 0 * bias])
    pictures, labels = splits.validation.images, splits.validation.labels
    before = np.asarray(model(pictures, training=False))
    supervised._calibrate(model, splits.validation)
    after = np.asarray(model(pictures, training=False))
    assert (after.argmax(axis=1) == before.argmax(axis=1)).all()

    def cross_entropy(logits):
        return np.mean(
            [np.log(np.sum(np.exp(row - row[y]))) for row, y in zip(logits, labels, strict=True)]
        )

    assert cross_entropy(after) < cross_entropy(before)
    # No other scale is better by more than the width of the search grid allows.
    others = [cross_entropy(scale * after) for scale in (0.5, 2.0)]
    assert cross_entropy(after) <= min(others)


@pytest.mark.parametrize(("trained", "kept"), [(0.9, "start"), (1.0, "best epoch")])
def test_the_probe_is_kept_where_no_epoch_came_up_to_it(
    splits, run, monkeypatch, supervised_settings, trained, kept
):
    def train(model, *others, **named):
        run.append_metrics({"epoch": 1, "val_accuracy": trained})
        return [np.zeros_like(weights) for weights in model.get_weights()]

    monkeypatch.setattr(supervised, "train", train)
    encoder, labelled = small_encoder(), splits.train.labelled()
    features = extract_features(encoder, splits.validation.images)
    # Three colours far apart: the probe makes no mistake on the pictures that it was fitted to.
    probe = fit_linear_probe(features, splits.validation.labels, features, splits.validation.labels)
    assert probe.validation_accuracy == 1.0
    model = train_supervised(
        encoder, labelled, splits.validation, supervised_settings, run, probe=probe
    )
    assert any(weights.any() for weights in model.get_weights()) == (kept == "start")


def test_the_weights_of_the_best_evaluation_are_kept(splits, run, monkeypatch, supervised_settings):
    def train(model, kept, *others, **named):
        best = [np.full_like(weights, 0.5) for weights in kept.get_weights()]
        model.set_weights([np.zeros_like(weights) for weights in best])
        return best

    monkeypatch.setattr(supervised, "train", train)
    model = train_supervised(
        small_encoder(), splits.train.labelled(), splits.validation, supervised_settings, run
    )
    assert all((weights == 0.5).all() for weights in model.get_weights())
    saved = keras.models.load_model(run.path / "encoder.keras", compile=False)
    assert all((weights == 0.5).all() for weights in saved.get_weights())


def test_the_accuracy_of_the_returned_classifier_is_the_best_measured(
    splits, run, supervised_settings
):
    settings = dataclasses.replace(supervised_settings, learning_rate=0.3, pictures=80)
    model = train_supervised(
        small_encoder(), splits.train.labelled(), splits.validation, settings, run
    )
    measured = [float(row["val_accuracy"]) for row in run.read_metrics()]
    predictions = np.asarray(model(splits.validation.images, training=False)).argmax(axis=1)
    assert len(measured) == 10
    assert np.mean(predictions == splits.validation.labels) == pytest.approx(max(measured))


def test_the_saved_models_are_the_returned_ones(splits, run, supervised_settings):
    encoder = small_encoder()
    labelled = splits.train.labelled()
    model = train_supervised(encoder, labelled, splits.validation, supervised_settings, run)
    pictures = splits.test.images
    classifier = keras.models.load_model(run.path / "classifier.keras", compile=False)
    np.testing.assert_array_equal(
        np.asarray(classifier(pictures)), np.asarray(model(pictures, training=False))
    )
    saved = keras.models.load_model(run.path / "encoder.keras", compile=False)
    np.testing.assert_array_equal(np.asarray(saved(pictures)), np.asarray(encoder(pictures)))


def test_two_labels_are_enough(splits, run, planned, supervised_settings):
    train_supervised(
        small_encoder(), splits.train.subset([0, 1]), splits.validation, supervised_settings, run
    )
    # The batch of 8 shrinks to the 2 labels: 16 pictures are 8 steps, each evaluated.
    assert (planned[0].batch_size, planned[0].total_steps, planned[0].epochs) == (2, 8, 8)


@pytest.mark.parametrize(
    ("pictures", "minimum_epochs", "steps"),
    [
        # 24 labels in batches of 8: 3 steps a pass.
        (800, 1, 100),
        (8, 10, 30),
        # 15 steps in ten evaluations: two steps each, not one.
        (8, 5, 20),
    ],
)
def test_at_least_the_pictures_and_passes_asked_for_are_seen(
    splits, run, planned, supervised_settings, pictures, minimum_epochs, steps
):
    settings = dataclasses.replace(
        supervised_settings, pictures=pictures, minimum_epochs=minimum_epochs
    )
    train_supervised(small_encoder(), splits.train.labelled(), splits.validation, settings, run)
    assert planned[0].total_steps == steps
    assert planned[0].epochs == 10


def test_the_best_is_chosen_by_validation_accuracy(splits, run, planned, supervised_settings):
    train_supervised(
        small_encoder(), splits.train.labelled(), splits.validation, supervised_settings, run
    )
    assert (planned[0].monitor, planned[0].mode) == ("val_accuracy", "max")


@pytest.mark.parametrize(
    ("labelled", "validated", "message"),
    [
        (1, 12, "`number of labelled pictures` must be at least 2"),
        (24, 0, "`number of validation pictures` must be at least 1"),
    ],
)
def test_too_few_pictures_are_refused(
    splits, run, supervised_settings, labelled, validated, message
):
    with pytest.raises(ValueError, match=message):
        train_supervised(
            small_encoder(),
            splits.train.subset(np.arange(labelled)),
            splits.validation.subset(np.arange(validated)),
            supervised_settings,
            run,
        )


def test_the_baseline_is_trained_on_the_budget_and_tested_on_test(
    splits, run, monkeypatch, pretrain_settings, supervised_settings
):
    trained = []

    def train(encoder, labelled, *others, **named):
        trained.append(labelled)
        model = Classifier(encoder, 3)
        model.build((None, 8, 8, 3))
        return model

    monkeypatch.setattr(supervised, "train_supervised", train)
    budget = LabelBudget(labels_per_class=2)
    report = train_baseline(splits, pretrain_settings, supervised_settings, budget, run)
    assert report["labels"] == len(trained[0]) == 6
    assert np.bincount(trained[0].labels).tolist() == [2, 2, 2]
    assert report["count"] == len(splits.test)


def test_a_baseline_without_labels_is_refused(
    without_labels, run, pretrain_settings, supervised_settings
):
    with pytest.raises(ValueError, match="The test split of colours has no labelled pictures"):
        train_baseline(
            without_labels("test"), pretrain_settings, supervised_settings, LabelBudget(), run
        )
