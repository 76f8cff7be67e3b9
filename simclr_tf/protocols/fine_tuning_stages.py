"""The stages of a fine-tuning: what is trained in each, and by which optimizer."""

from __future__ import annotations

import functools

import keras

from simclr_tf.encoders import (
    UnfreezingStage,
    layer_decay_factors,
    unfreeze_layers,
    unfreezing_stages,
    uses_float16,
)
from simclr_tf.optimizers import build_optimizer
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings
from simclr_tf.schedules import WarmupCosine
from simclr_tf.training import TrainingPlan, TrainingStage


def training_stages(
    model: keras.Model, encoder: keras.Model, settings: FineTuningSettings, plan: TrainingPlan
) -> list[TrainingStage]:
    """Returns the stages of a fine-tuning.

    Each begins with a new optimizer and runs once through warm-up and cosine: moments that Adam
    gathered while a layer was frozen would make its first steps several times too long.

    Args:
        model: what is trained, built.
        encoder: the part of it that is unfrozen step by step.
        settings: what to do.
        plan: how long.

    Raises:
        ValueError: if the schedule leaves no epoch for its last stage, or the network's stages or
            blocks are not known.
    """
    return [
        TrainingStage(
            stage.epochs,
            functools.partial(compile_stage, model, encoder, settings, stage, plan.steps_per_epoch),
        )
        for stage in unfreezing_stages(settings.unfreeze, plan.epochs)
    ]


def compile_stage(
    model: keras.Model,
    encoder: keras.Model,
    settings: FineTuningSettings,
    stage: UnfreezingStage,
    steps_per_epoch: int,
) -> None:
    """Freezes what this stage does not train, and compiles `model` with a new optimizer.

    The optimizer knows the variables of the last stage from the first one on, so that the
    checkpoints of all stages are alike.
    """
    last = unfreezing_stages(settings.unfreeze)[-1]
    unfreeze_layers(encoder, last.unfreeze, settings.freeze_batch_norm)
    variables = model.trainable_variables
    unfreeze_layers(encoder, stage.unfreeze, settings.freeze_batch_norm)
    steps = stage.epochs * steps_per_epoch
    warmup_steps = min(round(settings.warmup_fraction * steps), steps - 1)
    factors = None
    if settings.layer_decay != 1:
        factors = layer_decay_factors(encoder, settings.layer_decay, variables)
    optimizer = build_optimizer(
        settings.optimizer,
        WarmupCosine(settings.learning_rate, warmup_steps, steps),
        weight_decay=settings.weight_decay,
        clip_norm=settings.clip_norm or None,
        loss_scaling=uses_float16(encoder),
        update_factors=factors,
    )
    optimizer.build(variables)
    model.compile(optimizer=optimizer, jit_compile=False)


def check_stages(encoder: keras.Model, settings: FineTuningSettings) -> None:
    """Raises `ValueError` where a stage or the layer decay does not fit the network."""
    for stage in unfreezing_stages(settings.unfreeze):
        unfreeze_layers(encoder, stage.unfreeze)
    if settings.layer_decay != 1:
        layer_decay_factors(encoder, settings.layer_decay, ())
