"""The encoder that a fine-tuning starts from, and the model that trains it."""

from __future__ import annotations

from typing import Any

import keras

from simclr_tf.augment import (
    Augmenter,
    CutMix,
    LabelMixer,
    MixUp,
    RandomErasing,
    build_augmenter,
)
from simclr_tf.data import PictureSet, PictureSplits
from simclr_tf.encoders import (
    build_encoder,
    build_projection_head,
    load_encoder,
    load_encoder_with_head,
)
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings
from simclr_tf.training import Classifier, SiameseTriplet, SupConFineTuner


def start_encoder(settings: FineTuningSettings, image_size: int) -> keras.Model:
    """Loads or builds the encoder that a fine-tuning starts from.

    Args:
        settings: names a trained encoder, or a network and its weights.
        image_size: height and width of the pictures in pixels.

    Raises:
        ValueError: if there is no such encoder, it has no such layer of a projection head, or the
            weights are of another architecture.
    """
    if settings.from_head_layer:
        return load_encoder_with_head(settings.encoder_dir, settings.from_head_layer)
    if settings.encoder_dir:
        return load_encoder(settings.encoder_dir)
    keras.utils.set_random_seed(settings.seed)
    return build_encoder(
        settings.encoder,
        image_size=image_size,
        width=settings.width,
        stem=settings.stem,
        mixed_precision=settings.mixed_precision,
        weights=settings.weights,
    )


def build_head(encoder: keras.Model, settings: FineTuningSettings) -> keras.Model | None:
    """Builds what stands between features and the loss over classes, if anything does."""
    if settings.objective == "cross_entropy" or settings.head_depth == 0:
        return None
    return build_projection_head(
        encoder.output_shape[-1],
        depth=settings.head_depth,
        hidden=settings.head_width or None,
        output=settings.head_size,
    )


def build_model(
    encoder: keras.Model,
    head: keras.Model | None,
    splits: PictureSplits,
    settings: FineTuningSettings,
) -> keras.Model:
    """Builds the model of the objective, not yet compiled.

    Args:
        encoder: what is trained.
        head: between features and the loss over classes, or `None`.
        splits: pictures, for their size and classes.
        settings: what to do.
    """
    image_size = splits.train.images.shape[1]
    augmenter = _augmenter(settings, splits.name, image_size)
    classes = len(splits.train.class_names)
    joint: dict[str, Any] = {
        "num_classes": classes,
        "cross_entropy_weight": settings.joint_weight,
        "microbatch_size": settings.microbatch_size or None,
    }
    if settings.objective == "cross_entropy":
        model = Classifier(
            encoder,
            classes,
            augmenter=augmenter,
            label_smoothing=settings.label_smoothing,
            label_mixer=_label_mixer(settings),
            class_names=splits.train.class_names,
        )
    elif settings.objective.startswith("supcon"):
        model = SupConFineTuner(encoder, head, augmenter, temperature=settings.temperature, **joint)
    else:
        model = SiameseTriplet(
            encoder,
            head,
            augmenter,
            margin=settings.margin,
            mining=settings.mining,
            distance=settings.distance,
            soft=settings.soft_margin,
            seed=settings.seed,
            **joint,
        )
    model.build((None, image_size, image_size, 3))
    return model


def trained_classifier(model: keras.Model, pictures: PictureSet) -> Classifier | None:
    """Returns the classifier that a model of `build_model` has learned; None where it has none.

    Args:
        model: what was trained.
        pictures: for their size and the names of their classes.
    """
    if isinstance(model, Classifier):
        return model
    if model.class_head is None:
        return None
    classifier = Classifier(model.encoder, model.num_classes, class_names=pictures.class_names)
    classifier.build((None, *pictures.images.shape[1:]))
    classifier.head.set_weights(model.class_head.get_weights())
    return classifier


def _augmenter(settings: FineTuningSettings, data_name: str, image_size: int) -> Augmenter:
    erasing = settings.random_erasing
    if settings.augment == "none":
        layers = [RandomErasing(erasing)] if erasing else []
        return Augmenter(layers, seed=settings.seed, name="augmenter")
    recipe = settings.recipe(data_name, image_size)
    return build_augmenter(recipe, image_size, settings.seed, erasing=erasing)


def _label_mixer(settings: FineTuningSettings) -> LabelMixer | None:
    if settings.label_mixer == "none":
        return None
    alpha = {"alpha": settings.label_mixer_alpha} if settings.label_mixer_alpha else {}
    mixer = MixUp if settings.label_mixer == "mix_up" else CutMix
    return mixer(**alpha, seed=settings.seed)
