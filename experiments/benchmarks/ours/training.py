"""Training steps and whole training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from experiments.benchmarks.keras_timing import time_fit, time_steps
from experiments.benchmarks.pictures import random_pictures
from simclr_tf.augment import Augmenter, build_augmenter
from simclr_tf.data import PictureSet, training_batches
from simclr_tf.encoders import build_encoder, build_projection_head
from simclr_tf.optimizers import build_optimizer
from simclr_tf.training import SimCLR, SupConFineTuner

RECIPE = "simclr-cifar"
_PICTURES_PER_CLASS = 4


def step(encoder: str, width: float, image_size: int, batch_size: int) -> Callable[[int], float]:
    """Returns a task that trains on views made before, and gives views a second."""
    model = build_model(encoder, width, image_size, Augmenter([], seed=0))
    return time_steps(model, random_pictures(batch_size, image_size))


def sup_con_step(
    encoder: str, width: float, image_size: int, batch_size: int
) -> Callable[[int], float]:
    """Returns a task that trains by SupCon on views made before, and gives views a second."""
    model = build_sup_con(encoder, width, image_size, Augmenter([], seed=0))
    labels = np.arange(batch_size, dtype=np.int32) // _PICTURES_PER_CLASS
    return time_steps(model, random_pictures(batch_size, image_size), labels)


def pretrain(
    encoder: str, width: float, image_size: int, batch_size: int
) -> Callable[[int], float]:
    """Returns a task that trains from decoded pictures, and gives pictures a second."""
    model = build_model(encoder, width, image_size)
    pictures = picture_set(random_pictures(64 * batch_size, image_size))
    return time_fit(
        model,
        lambda count: training_batches(pictures, batch_size, seed=0, num_steps=count),
        batch_size,
    )


def build_model(
    encoder: str,
    width: float,
    image_size: int,
    augmenter: Augmenter | None = None,
    microbatch_size: int = 0,
) -> SimCLR:
    """Returns the compiled model in bfloat16; its augmenter is `RECIPE` unless given.

    Views have the size of the pictures, as the peers' have.
    """
    parts = _parts(encoder, width, image_size, augmenter)
    model = SimCLR(*parts, temperature=0.2, microbatch_size=microbatch_size or None)
    return _compiled(model, image_size)


def build_sup_con(
    encoder: str, width: float, image_size: int, augmenter: Augmenter | None = None
) -> SupConFineTuner:
    """Returns the compiled model that learns from labels, of the same parts as `build_model`'s."""
    model = SupConFineTuner(*_parts(encoder, width, image_size, augmenter), temperature=0.1)
    return _compiled(model, image_size)


def _parts(
    encoder: str, width: float, image_size: int, augmenter: Augmenter | None
) -> tuple[keras.Model, keras.Model, Augmenter]:
    keras.utils.set_random_seed(0)
    network = build_encoder(encoder, image_size=image_size, width=width, mixed_precision="bfloat16")
    head = build_projection_head(network.output_shape[-1], mixed_precision="bfloat16")
    return network, head, augmenter or build_augmenter(RECIPE, image_size, seed=0)


def _compiled(model: Any, image_size: int) -> Any:
    model.build((None, image_size, image_size, 3))
    model.compile(build_optimizer("sgd", 0.01, weight_decay=1e-3), jit_compile=False)
    # A step that makes these variables would be traced twice.
    model.optimizer.build(model.trainable_variables)
    return model


def picture_set(images: np.ndarray) -> PictureSet:
    """Returns unlabelled pictures as training takes them."""
    labels = np.full(len(images), -1, np.int32)
    return PictureSet(images, labels, tuple(str(row) for row in range(len(images))), ())
