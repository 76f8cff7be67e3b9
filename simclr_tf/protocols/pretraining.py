"""Pretrain an encoder with SimCLR on the training pictures of a data set."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.augment import Augmenter, build_augmenter
from simclr_tf.data import PictureSplits, steps_per_epoch, training_batches, training_rows
from simclr_tf.distribution.batches import check_divisible, distribute_batches
from simclr_tf.encoders import build_encoder, build_projection_head
from simclr_tf.optimizers import build_optimizer
from simclr_tf.plots import new_figure, plot_curves, plot_views, save_figure
from simclr_tf.protocols.logs import log_callbacks
from simclr_tf.protocols.settings import PretrainSettings
from simclr_tf.protocols.time_limit import MEASURED_STEPS, epochs_within
from simclr_tf.runs import DEFAULT_SAFETY, RunFolder, SafetySettings
from simclr_tf.schedules import WarmupCosine, scale_learning_rate
from simclr_tf.training import SimCLR, TrainingPlan, save_model, train

PLAN_FILE = "plan.json"


def pretrain(
    splits: PictureSplits,
    settings: PretrainSettings,
    run: RunFolder,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    safety: SafetySettings = DEFAULT_SAFETY,
) -> keras.Model:
    """Pretrains an encoder, or continues where `run` was stopped.

    Writes into the run folder: plan.json, metrics.csv, checkpoints, views.png, curves.png,
    encoder.keras, best_encoder.keras and projection_head.keras. In the scope of a strategy its
    replicas train together, with the result of one device.

    Args:
        splits: pictures; `train` is trained on, labels used by the online probe alone, and
            `validation` chooses the best epoch by its contrastive loss.
        settings: what to do.
        run: run folder, locked.
        callbacks: further Keras callbacks.
        safety: how often to save, and what to do about a loss that is no number.

    Returns:
        The encoder as it is after the last epoch.

    Raises:
        ValueError: if a setting does not fit the pictures or the number of replicas, or the loss
            is no number (a `NonFiniteLoss`, see `SafetySettings`).
    """
    check_replicas(settings)
    epochs, steps = settings.length(steps_per_epoch(len(splits.train), settings.batch_size))
    keras.utils.set_random_seed(settings.seed)
    model = build_simclr(splits, settings)
    validation = _validation_batches(splits, settings)
    if settings.max_minutes:
        epochs, steps = epochs_within(
            settings.max_minutes,
            run.path / PLAN_FILE,
            steps,
            lambda: _measurable(model, splits, settings),
        )
    plan = TrainingPlan(
        steps_per_epoch=steps,
        epochs=epochs,
        batch_size=settings.batch_size,
        monitor="val_loss" if validation is not None else "loss",
        checkpoint_every_steps=settings.checkpoint_every_steps,
        name="pretraining",
        safety=safety,
    )
    run.write_json(PLAN_FILE, dataclasses.asdict(plan))
    _compile(model, settings, plan.total_steps)
    logs = log_callbacks(run, settings, lambda epoch: _grid(_views(splits, model.augmenter, epoch)))
    pictures, first, second = _views(splits, model.augmenter, epoch=0)
    figure = new_figure(11.9, 3.5)
    plot_views(first, second, pictures, figure)
    save_figure(figure, run.path / "views.png")
    rows_of = training_rows(splits.train, settings.batch_size, settings.seed)
    best_weights = train(
        model,
        model.encoder,
        lambda start, count: training_batches(
            splits.train, settings.batch_size, settings.seed, start_step=start, num_steps=count
        ),
        plan,
        run,
        validation=validation,
        callbacks=[*logs, *callbacks],
        name_batch=lambda step: [splits.train.ids[row] for row in rows_of(step)],
    )
    _save_parts(model, best_weights, run)
    figure = new_figure(12.0, 6.2)
    plot_curves(run.path / "metrics.csv", figure)
    save_figure(figure, run.path / "curves.png")
    return model.encoder


def check_replicas(settings: PretrainSettings) -> None:
    """Raises `ValueError` unless the replicas of the strategy in scope can share the batches."""
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    check_divisible("batch_size", settings.batch_size, replicas)
    if settings.microbatch_size:
        check_divisible("microbatch_size", settings.microbatch_size, replicas)


def build_settings_encoder(settings: PretrainSettings, image_size: int) -> keras.Model:
    """Builds the encoder of `settings` with new weights, for the baseline as for pretraining."""
    return build_encoder(
        settings.encoder,
        image_size=image_size,
        width=settings.width,
        stem=settings.stem,
        normalization=settings.normalization,
        mixed_precision=settings.mixed_precision,
    )


def build_simclr(splits: PictureSplits, settings: PretrainSettings) -> SimCLR:
    """Builds the model of `settings` for pictures of the size in `splits`, not yet compiled."""
    image_size = splits.train.images.shape[1]
    encoder = build_settings_encoder(settings, image_size)
    head = build_projection_head(
        encoder.output_shape[-1],
        depth=settings.projection_depth,
        hidden=settings.projection_width or None,
        output=settings.projection_size,
        # A head that looks across pictures would undo what group normalisation is chosen for.
        batch_normalization=settings.projection_batch_norm and settings.normalization == "batch",
        mixed_precision=settings.mixed_precision,
    )
    labelled = settings.online_probe and len(splits.train.labelled()) > 0
    recipe = settings.recipe(splits.name, image_size)
    view_size = settings.size_of_views(splits.name, image_size)
    model = SimCLR(
        encoder,
        head,
        build_augmenter(recipe, view_size, settings.seed),
        temperature=settings.temperature,
        num_classes=len(splits.train.class_names) if labelled else 0,
        microbatch_size=settings.microbatch_size or None,
    )
    model.build((None, image_size, image_size, 3))
    return model


def _compile(model: SimCLR, settings: PretrainSettings, total_steps: int) -> None:
    peak = scale_learning_rate(
        settings.learning_rate, settings.batch_size, settings.learning_rate_scaling
    )
    warmup_steps = min(round(settings.warmup_fraction * total_steps), total_steps - 1)
    optimizer = build_optimizer(
        settings.optimizer,
        WarmupCosine(peak, warmup_steps, total_steps),
        weight_decay=settings.weight_decay,
        momentum=settings.momentum,
        clip_norm=settings.clip_norm or None,
        loss_scaling=settings.mixed_precision == "float16",
    )
    # Keras would turn XLA on by itself; on CPUs it is slower (0.7× in this step).
    model.compile(optimizer=optimizer, jit_compile=False)


def _measurable(model, splits, settings):
    _compile(model, settings, total_steps=1000)
    return model, distribute_batches(
        lambda: training_batches(splits.train, settings.batch_size, 0, num_steps=MEASURED_STEPS)
    )


def _save_parts(model: SimCLR, best_weights: list[np.ndarray], run: RunFolder) -> None:
    save_model(model.projection_head, run.path / "projection_head.keras")
    last_weights = model.encoder.get_weights()
    if best_weights:
        model.encoder.set_weights(best_weights)
        save_model(model.encoder, run.path / "best_encoder.keras")
        model.encoder.set_weights(last_weights)
    save_model(model.encoder, run.path / "encoder.keras")


def _validation_batches(splits, settings) -> Callable[[], tf.data.Dataset] | None:
    # The loss depends on the number of negatives: only whole batches compare with training,
    # and a few of them are enough to choose an epoch.
    steps = min(len(splits.validation) // settings.batch_size, 8)
    if steps == 0:
        return None
    return lambda: training_batches(
        splits.validation, settings.batch_size, 0, num_steps=steps
    ).cache()


def _views(splits: PictureSplits, augmenter: Augmenter, epoch: int) -> list[np.ndarray]:
    """Ten pictures, their first and their second views, each uint8 `[10, size, size, 3]`."""
    pictures = np.asarray(splits.train.images[:10])
    views = augmenter.transform(np.concatenate([pictures, pictures]), tf.constant([0, epoch]))
    return [pictures, *np.split(np.rint(views.numpy()).astype(np.uint8), 2)]


def _grid(rows: list[np.ndarray]) -> np.ndarray:
    """One picture of them all; views are enlarged to the pictures' size."""
    size = rows[0].shape[1:3]
    same_size = [tf.image.resize(row, size, method="nearest").numpy() for row in rows]
    return np.concatenate([np.concatenate(list(row), axis=1) for row in same_size], axis=0)
