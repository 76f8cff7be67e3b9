"""Specialise an encoder with labels, and show what that changed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import keras

from simclr_tf.checks import check_at_least
from simclr_tf.data import PictureSplits
from simclr_tf.encoders import unfreeze_layers, unfreezing_stages
from simclr_tf.evaluation import FeatureExtractor
from simclr_tf.metrics import evaluate_retrieval
from simclr_tf.plots import new_figure, plot_before_after, plot_curves, save_figure
from simclr_tf.protocols.batch_shape import BatchShape, batch_shape
from simclr_tf.protocols.embedding_report import embedding_report
from simclr_tf.protocols.fine_tuning_model import build_head, build_model
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings
from simclr_tf.protocols.fine_tuning_stages import compile_stage, training_stages
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.labelled_splits import labelled_training
from simclr_tf.protocols.time_limit import epochs_within
from simclr_tf.runs import RunFolder
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
) -> dict[str, Any]:
    """Trains `encoder` with the labels of `budget`, or continues where `run` was stopped.

    After every epoch the validation pictures look for their class among the labelled training
    pictures; the weights with the best top-1 accuracy are kept. Test is measured twice: before
    the training and with the kept weights.

    Writes into the run folder: plan.json, before.json, metrics.csv, checkpoints, curves.png,
    metrics.json, before_after.png, encoder.keras and, where there is one apart, head.keras.

    Args:
        encoder: see `start_encoder`; trained in place.
        splits: pictures with labels in all three splits.
        settings: what to do.
        budget: which labels may be used.
        run: run folder, locked.

    Returns:
        What metrics.json holds: the figures of `embedding_report` after the training, `before`
        and `after` it, and what they were measured with.

    Raises:
        ValueError: if labels are missing, or a setting does not fit the pictures or the encoder.
    """
    splits = labelled_training(splits, budget, settings.seed)
    shape = batch_shape(splits.train, settings)
    before = _before(encoder, splits, settings, run)
    keras.utils.set_random_seed(settings.seed)
    head = build_head(encoder, settings)
    trained = encoder
    if head is not None:
        # By its name the stages of the network stay known.
        trained = keras.Model(encoder.input, head(encoder.output), name=encoder.name)
    network = trained if settings.keep_head else encoder
    model = build_model(encoder, head, splits, settings)
    plan = _plan(model, encoder, splits, settings, shape, run)
    best_weights = train(
        model,
        trained,
        lambda start, count: shape.batches(splits.train, settings, start, count),
        plan,
        run,
        measure=_validation_measure(network, splits),
        stages=training_stages(model, encoder, settings, plan),
    )
    trained.set_weights(best_weights)
    # The file is a plain encoder: what trains it next decides by itself what is frozen.
    unfreeze_layers(encoder)
    save_model(network, run.path / "encoder.keras")
    if head is not None and not settings.keep_head:
        save_model(head, run.path / "head.keras")
    after = embedding_report(network, splits, settings.probe_linearly)
    metrics = {**after, "before": before, "after": after, **_origin(splits, settings, budget)}
    run.write_json(METRICS_FILE, metrics)
    _draw(metrics, run)
    return metrics


def _plan(
    model: keras.Model,
    encoder: keras.Model,
    splits: PictureSplits,
    settings: FineTuningSettings,
    shape: BatchShape,
    run: RunFolder,
) -> TrainingPlan:
    epochs, steps = settings.epochs, settings.epoch_steps(len(splits.train), shape.size)
    if settings.max_minutes:

        def prepare():
            # The last stage trains most.
            last = unfreezing_stages(settings.unfreeze)[-1]
            compile_stage(model, encoder, settings, last, steps_per_epoch=1000)
            return model, shape.batches(splits.train, settings, 0, 16)

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
    )
    run.write_json(PLAN_FILE, dataclasses.asdict(plan))
    return plan


def _before(encoder, splits, settings, run) -> dict[str, Any]:
    path = run.path / BEFORE_FILE
    if not path.is_file():
        run.write_json(BEFORE_FILE, embedding_report(encoder, splits, settings.probe_linearly))
    return json.loads(path.read_text(encoding="utf-8"))


def _validation_measure(
    network: keras.Model, splits: PictureSplits
) -> Callable[[], dict[str, float]]:
    extract = FeatureExtractor(network)
    queries = splits.validation.labelled()
    check_at_least("number of validation pictures", len(queries), 1)

    def measure() -> dict[str, float]:
        report = evaluate_retrieval(
            extract(queries.images),
            queries.labels,
            extract(splits.train.images),
            splits.train.labels,
            ks=(1,),
        ).micro()
        return {"val_top_1": report["top_1"], "val_map_at_r": report["map_at_r"]}

    return measure


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
