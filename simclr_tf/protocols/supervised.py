"""Train a classifier with labels: from scratch (the baseline) or from a pretrained encoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy.special import logsumexp

from simclr_tf.augment import build_augmenter
from simclr_tf.checks import check_at_least
from simclr_tf.data import PictureSet, PictureSplits, training_batches, training_rows
from simclr_tf.distribution.batches import check_divisible
from simclr_tf.encoders import uses_float16
from simclr_tf.evaluation import FeatureExtractor, LinearProbe, classification_report
from simclr_tf.optimizers import build_optimizer
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.labelled_splits import check_labelled_splits
from simclr_tf.protocols.pretraining import build_settings_encoder
from simclr_tf.protocols.settings import PretrainSettings, SupervisedSettings
from simclr_tf.runs import RunFolder
from simclr_tf.schedules import WarmupCosine
from simclr_tf.training import Classifier, TrainingPlan, save_model, train

EVALUATIONS = 10
CLASSIFIER_FILE = "classifier.keras"


def train_supervised(
    encoder: keras.Model,
    labelled: PictureSet,
    validation: PictureSet,
    settings: SupervisedSettings,
    run: RunFolder,
    *,
    data_name: str = "",
    probe: LinearProbe | None = None,
    name: str = "training",
) -> Classifier:
    """Trains `encoder` and a classification layer on it, or continues where `run` was stopped.

    Validation accuracy is measured ten times on the way, and with a probe before it as well; the
    weights of the best time are kept. In the scope of a strategy its replicas train together, with
    the result of one device.

    Args:
        encoder: from pictures to features; trained in place.
        labelled: pictures with labels.
        validation: pictures that choose the best epoch.
        settings: what to do.
        run: run folder, locked.
        data_name: the data set's name, by which `auto` takes the recipe.
        probe: linear probe of the same encoder that the classification layer starts from: a
            layer that starts at random would first destroy the features (Kumar et al. 2022,
            "Fine-Tuning can Distort Pretrained Features").
        name: shown before the progress bar.

    Returns:
        The classifier with its best weights.

    Raises:
        ValueError: if there are fewer than 2 labelled pictures or no validation pictures, or the
            replicas cannot share a batch evenly.
    """
    check_at_least("number of labelled pictures", len(labelled), 2)
    check_at_least("number of validation pictures", len(validation), 1)
    keras.utils.set_random_seed(settings.seed)
    batch_size = min(settings.batch_size, len(labelled))
    check_divisible("batch_size", batch_size, tf.distribute.get_strategy().num_replicas_in_sync)
    epoch_steps = len(labelled) // batch_size
    steps = max(settings.pictures // batch_size, settings.minimum_epochs * epoch_steps)
    evaluations = min(EVALUATIONS, steps)
    plan = TrainingPlan(
        # Rounded up: the passes that were asked for are the least.
        steps_per_epoch=-(-steps // evaluations),
        epochs=evaluations,
        batch_size=batch_size,
        monitor="val_accuracy",
        mode="max",
        name=name,
    )
    model = _build(encoder, labelled, settings, data_name, plan.total_steps)
    start = None
    if probe is not None:
        _start_from_probe(model, probe)
        _calibrate(model, validation)
        start = model.get_weights(), test_report(model, validation)["accuracy"]
    rows_of = training_rows(labelled, batch_size, settings.seed)
    best_weights = train(
        model,
        model,
        lambda start, count: training_batches(
            labelled, batch_size, settings.seed, start_step=start, num_steps=count
        ),
        plan,
        run,
        measure=_measure(model, validation),
        name_batch=lambda step: [labelled.ids[row] for row in rows_of(step)],
    )
    model.set_weights(_better_weights(start, best_weights, run))
    save_model(model, run.path / CLASSIFIER_FILE)
    save_model(encoder, run.path / "encoder.keras")
    return model


def _better_weights(
    start: tuple[list[np.ndarray], float] | None, best_weights: list[np.ndarray], run: RunFolder
) -> list[np.ndarray]:
    """Returns the weights before training where no epoch came up to their validation accuracy."""
    # With very few labels every step away from the probe may be one too many.
    if start is not None:
        weights, accuracy = start
        if all(float(row["val_accuracy"]) < accuracy for row in run.read_metrics()):
            return weights
    return best_weights


def train_baseline(
    splits: PictureSplits,
    encoder_settings: PretrainSettings,
    settings: SupervisedSettings,
    budget: LabelBudget,
    run: RunFolder,
) -> dict[str, Any]:
    """Trains a new encoder with the labels of `budget` and tests it once.

    Args:
        splits: pictures with labels in all three splits.
        encoder_settings: which encoder; the rest of them does not matter here.
        settings: how to train.
        budget: which labels may be used.
        run: run folder, locked.

    Returns:
        The report of `classification_report` on test, and the number of `labels`.

    Raises:
        ValueError: if a split has no labelled pictures, or train those of one class only.
    """
    check_labelled_splits(splits)
    keras.utils.set_random_seed(settings.seed)
    encoder = build_settings_encoder(encoder_settings, splits.train.images.shape[1])
    labelled = splits.train.labelled()
    labelled = labelled.subset(budget.choose(labelled.labels, settings.seed))
    validation = splits.validation.labelled()
    model = train_supervised(
        encoder, labelled, validation, settings, run, data_name=splits.name, name="baseline"
    )
    return {**test_report(model, splits.test.labelled()), "labels": len(labelled)}


def test_report(model: keras.Model, test: PictureSet) -> dict[str, Any]:
    """Returns the `classification_report` of a classifier on labelled pictures."""
    predictions = FeatureExtractor(model)(test.images).argmax(axis=1)
    return classification_report(test.labels, predictions, test.class_names)


def _build(
    encoder: keras.Model,
    labelled: PictureSet,
    settings: SupervisedSettings,
    data_name: str,
    total_steps: int,
) -> Classifier:
    image_size = labelled.images.shape[1]
    recipe = settings.recipe(data_name, image_size)
    model = Classifier(
        encoder,
        num_classes=len(labelled.class_names),
        augmenter=build_augmenter(recipe, image_size, settings.seed),
        label_smoothing=settings.label_smoothing,
        class_names=labelled.class_names,
    )
    model.build((None, image_size, image_size, 3))
    warmup_steps = min(round(settings.warmup_fraction * total_steps), total_steps - 1)
    optimizer = build_optimizer(
        settings.optimizer,
        WarmupCosine(settings.learning_rate, warmup_steps, total_steps),
        weight_decay=settings.weight_decay,
        loss_scaling=uses_float16(encoder),
    )
    model.compile(optimizer=optimizer, jit_compile=False)
    return model


def _start_from_probe(model: Classifier, probe: LinearProbe) -> None:
    """Puts the probe's standardisation and weights into one dense layer.

    With standardised features (h − m) / s, logits are h·(W / s) + b − m·(W / s). Classes that
    the probe never saw start far below the others.
    """
    weights = np.zeros(model.head.kernel.shape, np.float32)
    bias = np.full(model.num_classes, probe.bias.min() - 10.0, np.float32)
    scaled = probe.weights / probe.scale[:, None]
    weights[:, probe.classes] = scaled
    bias[probe.classes] = probe.bias - probe.mean @ scaled
    model.head.set_weights([weights, bias])


def _calibrate(model: Classifier, validation: PictureSet) -> None:
    """Scales the logits to the smallest cross-entropy on validation; predictions stay the same.

    A probe is chosen by its accuracy alone and may be far too sure of itself, and the first steps
    of a training would then pull at the encoder with large gradients.
    """
    logits = FeatureExtractor(model)(validation.images)
    rows = np.arange(len(logits))

    def cross_entropy(scale: float) -> float:
        scaled = scale * logits
        return float(np.mean(logsumexp(scaled, axis=1) - scaled[rows, validation.labels]))

    best = min(np.geomspace(0.01, 10.0, 31), key=cross_entropy)
    model.head.set_weights([best * weight for weight in model.head.get_weights()])


def _measure(model: Classifier, validation: PictureSet) -> Callable[[], dict[str, float]]:
    """Returns what gives loss and accuracy on all of `validation`, on any number of replicas."""
    extract = FeatureExtractor(model)

    def measure() -> dict[str, float]:
        logits = extract(validation.images)
        loss = model.cross_entropy(tf.constant(validation.labels), tf.constant(logits))
        accuracy = np.mean(logits.argmax(axis=1) == validation.labels)
        return {"val_loss": float(loss), "val_accuracy": float(accuracy)}

    return measure
