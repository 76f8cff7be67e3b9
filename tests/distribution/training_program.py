"""Trains small models and keeps what became of them; run in a process of its own.

python -m tests.distribution.training_program FILE.npz STRATEGY REPLICAS CASE...

REPLICAS are those of each process.
"""

import sys
import tempfile

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.augment import (
    Augmenter,
    CutMix,
    RandomColorJitter,
    RandomErasing,
    RandomGaussianBlur,
    RandomGaussianNoise,
    RandomResizedCrop,
    TrivialAugmentWide,
)
from simclr_tf.data import PictureSet, class_batches, training_batches
from simclr_tf.distribution import build_strategy, is_chief
from simclr_tf.encoders import FusedBatchNormalization, build_projection_head
from simclr_tf.optimizers import build_optimizer
from simclr_tf.runs import RunFolder
from simclr_tf.schedules import WarmupCosine
from simclr_tf.training import (
    Classifier,
    SiameseTriplet,
    SimCLR,
    SupConFineTuner,
    TrainingPlan,
    train,
)
from tests.distribution.embedding_case import run_embedding
from tests.distribution.worker_cpus import give_each_worker_cpus

BATCH, STEPS = 16, 20
# So gentle that a difference in the last digit does not grow tenfold within the steps.
RATES = {"sgd": 0.005, "lars": 0.05, "adamw": 0.003}
SLOWER = {"triplet": 0.1}
# Of each kind of model one, for the time that a program of its own takes.
VALIDATED = ("simclr", "clipped", "sup_con_caching", "classifier")
PLAN = TrainingPlan(steps_per_epoch=STEPS // 2, epochs=2, batch_size=BATCH)


def picture_set(unlabelled):
    """Pictures of three colours, uint8 `[48, 8, 8, 3]`; every fifth without label if wanted."""
    generator = np.random.default_rng(0)
    labels = np.arange(48, dtype=np.int32) % 3
    colours = generator.integers(40, 216, (3, 3))[labels]
    noise = generator.integers(-40, 40, (48, 8, 8, 3))
    images = np.clip(colours[:, None, None] + noise, 0, 255).astype(np.uint8)
    if unlabelled:
        labels[::5] = -1
    return PictureSet(images, labels, tuple(map(str, range(48))), ("a", "b", "c"))


def make_encoder(mixed_precision="none"):
    dtype = "float32" if mixed_precision == "none" else f"mixed_{mixed_precision}"
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Rescaling(1 / 127.5, -1.0, dtype=dtype),
            keras.layers.Conv2D(6, 3, strides=2, use_bias=False, dtype=dtype),
            FusedBatchNormalization(dtype=dtype),
            keras.layers.ReLU(dtype=dtype),
            keras.layers.Flatten(dtype="float32"),
        ]
    )


def augmentations(*layers):
    return Augmenter([RandomResizedCrop(8, (0.4, 1.0), horizontal_flip=0.5), *layers], seed=5)


def simclr(*layers, mixed_precision="none"):
    encoder = make_encoder(mixed_precision)
    head = build_projection_head(
        encoder.output_shape[-1], hidden=16, output=8, mixed_precision=mixed_precision
    )
    return SimCLR(encoder, head, augmentations(*layers), temperature=0.5, num_classes=3)


def simclr_with_all_augmentations():
    jitter = RandomColorJitter(0.4, 0.4, 0.4, 0.1)
    return simclr(jitter, RandomGaussianBlur(), RandomGaussianNoise())


def sup_con(microbatch_size):
    encoder = make_encoder()
    head = build_projection_head(encoder.output_shape[-1], hidden=16, output=8)
    return SupConFineTuner(
        encoder,
        head,
        augmentations(RandomErasing()),
        temperature=0.5,
        num_classes=3,
        cross_entropy_weight=0.5,
        microbatch_size=microbatch_size,
    )


def siamese_triplet():
    encoder = make_encoder()
    head = build_projection_head(encoder.output_shape[-1], hidden=16, output=8)
    return SiameseTriplet(encoder, head, augmentations(), mining="random", margin=0.5)


def classifier():
    augmenter = augmentations(TrivialAugmentWide())
    return Classifier(make_encoder(), 3, augmenter=augmenter, label_mixer=CutMix(seed=2))


# Name -> model, optimizer and further arguments of it.
CASES = {
    "simclr": (simclr_with_all_augmentations, "sgd", {}),
    "clipped": (simclr, "lars", {"clip_norm": 0.3}),
    "float16": (
        lambda: simclr(mixed_precision="float16"),
        "sgd",
        {"loss_scaling": True, "clip_norm": 1.0},
    ),
    # The triplet's batch goes through at once.
    "sup_con_caching": (lambda: sup_con(microbatch_size=8), "adamw", {}),
    "triplet": (siamese_triplet, "sgd", {}),
    "classifier": (classifier, "sgd", {}),
}


class StepLosses(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_begin(self, batch, logs=None):
        # Else the mean over the epoch so far would be logged.
        self.model.trackers["loss"].reset_state()

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs["loss"]))


def run_case(name):
    """Trains; returns loss of each step, all weights and metrics.csv as numbers."""
    make, optimizer, arguments = CASES[name]
    keras.utils.set_random_seed(1)
    model = make()
    model.build((None, 8, 8, 3))
    rate = WarmupCosine(RATES[optimizer] * SLOWER.get(name, 1.0), 4, STEPS)
    compiled = build_optimizer(optimizer, rate, weight_decay=1e-3, **arguments)
    model.compile(optimizer=compiled, jit_compile=False)
    pictures = picture_set(unlabelled=isinstance(model, SimCLR))

    def batches(start, count):
        if isinstance(model, (SupConFineTuner, SiameseTriplet)):
            return class_batches(pictures, 2, 8, 3, start_step=start, num_steps=count)
        return training_batches(pictures, BATCH, 3, start_step=start, num_steps=count)

    def validation():
        return training_batches(pictures, BATCH, 9, num_steps=2).cache()

    step_losses = StepLosses()
    with tempfile.TemporaryDirectory() as folder, RunFolder.create(folder, {}) as run:
        more = {"validation": validation} if name in VALIDATED else {}
        train(model, model, batches, PLAN, run, callbacks=[step_losses], **more)
        rows = run.read_metrics()
    timing = ("epoch_seconds", "images_per_second")
    metrics = [[float(row[name]) for name in row if name not in timing] for row in rows]
    weights = np.concatenate([np.ravel(weight) for weight in model.get_weights()])
    return {
        "losses": np.array(step_losses.losses),
        "weights": weights,
        "metrics": np.array(metrics),
    }


def main(path, strategy, replicas, *cases):
    virtual_cpus = int(replicas)
    if strategy == "multi_worker":
        give_each_worker_cpus(virtual_cpus)
        virtual_cpus = 0
    with build_strategy(strategy, replicas=virtual_cpus, timeout=120).scope():
        results = {name: run_case(name) for name in cases}
        keras.utils.set_random_seed(1)
        results["embedding"] = run_embedding(make_encoder())
        results["strategy"] = {"replicas": tf.distribute.get_strategy().num_replicas_in_sync}
        if is_chief():
            np.savez(path, **{f"{c}.{k}": v for c, r in results.items() for k, v in r.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
