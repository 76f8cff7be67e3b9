"""Specialise an encoder with labels, and show what that changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from simclr_tf.checks import check_at_least
from simclr_tf.data import PictureSplits
from simclr_tf.distribution.batches import check_divisible, distribute_batches
from simclr_tf.encoders import WeightInterpolation, unfreeze_layers, unfreezing_stages
from simclr_tf.evaluation import FeatureExtractor
from simclr_tf.files import read_json
from simclr_tf.metrics import evaluate_retrieval
from simclr_tf.plots import new_figure, plot_before_after, plot_curves, save_figure
from simclr_tf.protocols.batch_shape import BatchShape, batch_shape
from simclr_tf.protocols.embedding_report import embedding_report
from simclr_tf.protocols.fine_tuning_model import build_head, build_model, trained_classifier
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings
from simclr_tf.protocols.fine_tuning_stages import compile_stage, training_stages
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.labelled_splits import labelled_training
from simclr_tf.protocols.negatives import Negatives, record_negatives
from simclr_tf.protocols.supervised import CLASSIFIER_FILE, test_report
from simclr_tf.protocols.time_limit import MEASURED_STEPS, epochs_within
from simclr_tf.runs import DEFAULT_SAFETY, RunFolder, SafetySettings
from simclr_tf.training import TrainingPlan, save_model, train

PLAN_FILE = "plan.json"
BEFORE_FILE = "before.json"
METRICS_FILE = "metrics.json"


def fine_tune(
    encoder: keras.Model,
    splits: PictureSplits,
    settings: FineTuningSettings,
    budget: LabelBudget,
    run: RunFolder,
    negatives: Negatives | None = None,
    *,
    safety: SafetySettings = DEFAULT_SAFETY,
) -> dict[str, Any]:
    """Trains `encoder` with the labels of `budget`, or continues where `run` was stopped.

    After every epoch the validation pictures look for their class among the labelled training
    pictures; the weights with the best top-1 accuracy are kept. Test is measured twice: before
    the training and with the kept weights. With `start_weight` the encoder is measured and saved
    with a mixture of its weights and those of its start; a classifier is saved without. Negatives
    take part in the training alone: they are in every batch, labelled -1, and in no measure. In
    the scope of a strategy its replicas train together, with the result of one device.

    Writes into the run folder: plan.json, before.json, metrics.csv, checkpoints, curves.png,
    metrics.json, before_after.png, encoder.keras and, where there are such, head.keras and
    classifier.keras, which knows the names of its classes.

    Args:
        encoder: see `start_encoder`; trained in place.
        splits: pictures with labels in all three splits.
        settings: what to do.
        budget: which labels may be used.
        run: run folder, locked.
        negatives: pictures of no class, for the objectives with supcon or triplet.
        safety: how often to save, and what to do about a loss that is no number.

    Returns:
        What metrics.json holds: the figures of `embedding_report` after the training, `before`
        and `after` it, `classification`, the report of a classifier where there is one, and what
        they were measured with.

    Raises:
        ValueError: if labels are missing, a setting does not fit the pictures, the encoder or the
            number of replicas, or a run is resumed with other negatives.
    """
    splits = labelled_training(splits, budget, settings.seed)
    shape = batch_shape(splits.train, settings, negatives.share if negatives else 0.0)
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    check_divisible("batch_size", shape.size, replicas)
    if settings.microbatch_size:
        check_divisible("microbatch_size", settings.microbatch_size, replicas)
    pushed_away = record_negatives(negatives, run)["pictures"]
    before = _before(encoder, splits, settings, run)
    mixture = WeightInterpolation(encoder, settings.start_weight)
    keras.utils.set_random_seed(settings.seed)
    head = build_head(encoder, settings)
    network = encoder
    if settings.keep_head and head is not None:
        # By its name the stages of the network stay known.
        network = keras.Model(encoder.input, head(encoder.output), name=encoder.name)
    model = build_model(encoder, head, splits, settings)
    pictures = negatives.pictures if negatives else None

    def batches(start: int, count: int) -> tf.data.Dataset:
        return shape.batches(splits.train, settings, start, count, pictures)

    plan = _plan(model, encoder, splits, settings, shape, batches, run, safety)
    best_weights = train(
        model,
        model,
        batches,
        plan,
        run,
        measure=_validation_measure(network, splits, mixture),
        stages=training_stages(model, encoder, settings, plan),
        name_batch=shape.names(splits.train, settings, pictures),
    )
    model.set_weights(best_weights)
    # The file is a plain encoder: what trains it next decides by itself what is frozen.
    unfreeze_layers(encoder)
    classification = _classify(model, splits, run)
    mixture.apply()
    save_model(network, run.path / "encoder.keras")
    if head is not None and not settings.keep_head:
        save_model(head, run.path / "head.keras")
    after = embedding_report(network, splits, settings.probe_linearly)
    if classification is not None:
        after["classifier_accuracy"] = classification["accuracy"]
    metrics = {**after, "before": before, "after": after, **_origin(splits, settings, budget)}
    if classification is not None:
        metrics["classification"] = classification
    metrics["negatives"] = pushed_away
    run.write_json(METRICS_FILE, metrics)
    _draw(metrics, run)
    return metrics


def _plan(
    model: keras.Model,
    encoder: keras.Model,
    splits: PictureSplits,
    settings: FineTuningSettings,
    shape: BatchShape,
    batches: Callable[[int, int], tf.data.Dataset],
    run: RunFolder,
    safety: SafetySettings,
) -> TrainingPlan:
    epochs, steps = settings.epochs, settings.epoch_steps(len(splits.train), shape.labelled)
    if settings.max_minutes:

        def prepare():
            # The last stage trains most.
            last = unfreezing_stages(settings.unfreeze)[-1]
            compile_stage(model, encoder, settings, last, steps_per_epoch=1000)
            return model, distribute_batches(lambda: batches(0, MEASURED_STEPS))

        epochs, steps = epochs_within(settings.max_minutes, run.path / PLAN_FILE, steps, prepare)
    plan = TrainingPlan(
        steps_per_epoch=steps,
        epochs=epochs,
        batch_size=shape.size,
        monitor="val_top_1",
        mode="max",
        checkpoint_every_steps=settings.checkpoint_every_steps,
        patience=settings.patience,
        weight_averaging=settings.weight_averaging,
        name=f"fine-tuning, {settings.objective}",
        safety=safety,
    )
    run.write_json(PLAN_FILE, dataclasses.asdict(plan))
    return plan


def _before(encoder, splits, settings, run) -> dict[str, Any]:
    path = run.path / BEFORE_FILE
    if not path.is_file():
        run.write_json(BEFORE_FILE, embedding_report(encoder, splits, settings.probe_linearly))
    return read_json(path, dict)


def _validation_measure(
    network: keras.Model, splits: PictureSplits, mixture: WeightInterpolation
) -> Callable[[], dict[str, float]]:
    extract = FeatureExtractor(network)
    queries = splits.validation.labelled()
    check_at_least("number of validation pictures", len(queries), 1)

    def measure() -> dict[str, float]:
        with mixture.in_place():
            query_features, gallery = extract(queries.images), extract(splits.train.images)
        report = evaluate_retrieval(
            query_features, queries.labels, gallery, splits.train.labels, ks=(1,)
        ).micro()
        return {"val_top_1": report["top_1"], "val_map_at_r": report["map_at_r"]}

    return measure


def _classify(model: keras.Model, splits: PictureSplits, run: RunFolder) -> dict[str, Any] | None:
    """Saves the classifier and tests it; returns its report, None where there is none."""
    classifier = trained_classifier(model, splits.train)
    if classifier is None:
        return None
    save_model(classifier, run.path / CLASSIFIER_FILE)
    return test_report(classifier, splits.test.labelled())


def _origin(
    splits: PictureSplits, settings: FineTuningSettings, budget: LabelBudget
) -> dict[str, Any]:
    return {
        "name": splits.name,
        "objective": settings.objective,
        "labels": len(splits.train),
        "label_budget": budget.name,
        "classes": len(splits.train.class_names),
        "split": {name: len(getattr(splits, name)) for name in ("train", "validation", "test")},
        "seed": settings.seed,
        "fingerprint": splits.fingerprint,
    }


def _draw(metrics: dict[str, Any], run: RunFolder) -> None:
    figure = new_figure(12.0, 6.2)
    plot_curves(run.path / "metrics.csv", figure)
    save_figure(figure, run.path / "curves.png")
    figure = new_figure(12.0, 5.6)
    plot_before_after(metrics, figure)
    save_figure(figure, run.path / "before_after.png")
