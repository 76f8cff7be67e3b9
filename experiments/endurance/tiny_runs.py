"""Runs that take a second or two and yet do all that long ones do."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable, Sequence

import keras
import numpy as np

from simclr_tf.augment import Augmenter, RandomFlip, RandomGaussianNoise
from simclr_tf.data import PictureSet, PictureSplits, training_batches
from simclr_tf.encoders import FusedBatchNormalization, build_projection_head
from simclr_tf.files import written_beside
from simclr_tf.optimizers import build_optimizer
from simclr_tf.protocols import pretrain
from simclr_tf.protocols.settings import PretrainSettings
from simclr_tf.runs import RunFolder, list_versions
from simclr_tf.schedules import WarmupCosine
from simclr_tf.training import SimCLR, TrainingPlan, save_model, train

FINAL_STATE = "final_state.npz"
PICTURE_SIZE = 8
_BATCH_SIZE = 16
_SETTINGS = PretrainSettings(
    width=0.125,
    mixed_precision="none",
    projection_size=8,
    augment="simclr-cifar",
    batch_size=_BATCH_SIZE,
    epochs=3,
    steps_per_epoch=4,
    checkpoint_every_steps=1,
    tensorboard=False,
)
_PLAN = TrainingPlan(6, 5, _BATCH_SIZE, "val_loss", checkpoint_every_steps=2)


def run_job(job: str, run_dir: pathlib.Path) -> None:
    """Begins a tiny run in `run_dir`, or goes on with it, and writes its final state.

    Args:
        job: `"loop"` or `"pretrain"`.
        run_dir: folder of the run.
    """
    begun = any((version / "config.json").is_file() for version in list_versions(run_dir))
    with RunFolder.resume(run_dir) if begun else RunFolder.create(run_dir, {"job": job}) as run:
        if run.finished:
            return
        state = _train(run) if job == "loop" else _pretrain(run)
        with written_beside(run.path / FINAL_STATE) as file:
            np.savez(file, **{f"{place:04d}": array for place, array in enumerate(state)})
        run.mark_finished({})


def make_pictures(count: int, seed: int) -> PictureSet:
    """Returns pictures of 3 classes whose colour tells the class, uint8 `[count, 8, 8, 3]`."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int32) % 3
    colours = np.random.default_rng(0).integers(40, 216, (3, 3))
    noise = generator.integers(-40, 40, (count, PICTURE_SIZE, PICTURE_SIZE, 3))
    images = np.clip(colours[labels][:, None, None] + noise, 0, 255).astype(np.uint8)
    names = tuple(f"{seed}/{row}" for row in range(count))
    return PictureSet(images, labels, names, ("a", "b", "c"))


def make_model(total_steps: int, run_eagerly: bool) -> SimCLR:
    """Returns a compiled model of one convolution.

    Args:
        total_steps: of the learning rate's schedule.
        run_eagerly: few small steps take less time than tracing them.
    """
    keras.utils.set_random_seed(0)
    encoder = keras.Sequential(
        [
            keras.Input((PICTURE_SIZE, PICTURE_SIZE, 3)),
            keras.layers.Rescaling(1 / 127.5, -1.0),
            keras.layers.Conv2D(8, 3, strides=2, use_bias=False),
            FusedBatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Flatten(),
        ]
    )
    head = build_projection_head(encoder.output_shape[-1], hidden=16, output=8)
    layers = [RandomFlip(), RandomGaussianNoise((0.0, 20.0), probability=0.8)]
    model = SimCLR(encoder, head, Augmenter(layers, seed=0), num_classes=3)
    model.build((None, PICTURE_SIZE, PICTURE_SIZE, 3))
    optimizer = build_optimizer("adam", WarmupCosine(0.01, 3, total_steps))
    model.compile(optimizer, jit_compile=False, run_eagerly=run_eagerly)
    return model


def train_model(
    model: SimCLR,
    plan: TrainingPlan,
    run: RunFolder,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    measure: Callable[[], dict[str, float]] | None = None,
) -> list[np.ndarray]:
    """Trains a model of `make_model` on made pictures; returns the best encoder's weights."""
    pictures, held_out = make_pictures(96, 1), make_pictures(32, 2)
    return train(
        model,
        model.encoder,
        lambda start, count: training_batches(
            pictures, plan.batch_size, 0, start_step=start, num_steps=count
        ),
        plan,
        run,
        validation=training_batches(held_out, _BATCH_SIZE, 0, num_steps=2).cache(),
        callbacks=callbacks,
        measure=measure,
    )


def _train(run: RunFolder) -> list[np.ndarray]:
    model = make_model(_PLAN.total_steps, run_eagerly=True)
    best_weights = train_model(model, _PLAN, run)
    save_model(model.encoder, run.path / "encoder.keras")
    variables = [*model.variables, *model.optimizer.variables]
    return [*(np.asarray(variable) for variable in variables), *best_weights]


def _pretrain(run: RunFolder) -> list[np.ndarray]:
    return pretrain(_splits(), _SETTINGS, run).get_weights()


@functools.cache
def _splits() -> PictureSplits:
    train_set, validation, test = (make_pictures(96, seed) for seed in (1, 2, 3))
    return PictureSplits(train_set, validation, test, "made", "made", skipped=(), warnings=())
