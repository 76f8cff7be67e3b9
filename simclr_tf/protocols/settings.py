"""What the jobs can be asked for: plain values with defaults, checked when made.

Nothing here imports TensorFlow, so that a script can show its help at once. Each line below
"Attributes:" is also the help text of the script's flag of that name.
"""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_at_least, check_between, check_one_of, check_positive
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.view_defaults import (
    SMALLEST_VIEW,
    SMALLEST_VIEW_OF_RESNETS,
    check_view_size,
    default_recipe,
    default_view_size,
)

RESNETS = ("resnet10", "resnet18", "resnet34", "resnet50", "wide_resnet50_2")
WITHOUT_WIDTH = ("efficientnetv2_b0", "convnext_tiny")
ENCODERS = (*RESNETS, "squeezenet", *WITHOUT_WIDTH, "mobilenetv3_small", "mobilenetv3_large")
STEMS = ("auto", "cifar", "strided", "imagenet")
NORMALIZATIONS = ("batch", "group")
PRECISIONS = ("none", "bfloat16", "float16")
PRETRAIN_RECIPES = ("simclr-cifar", "simclr-imagenet", "simclr-strong", "simclr-symbols")
SUPERVISED_RECIPES = ("crop-flip", "trivial-wide", "rand-augment", "symbols", "drawing")
OPTIMIZERS = ("sgd", "adam", "adamw", "lars", "lamb")
SCALING_RULES = ("linear", "sqrt", "none")
MINUTES_OF_A_YEAR = 365 * 24 * 60


@dataclasses.dataclass(frozen=True)
class PretrainSettings:
    """Everything that decides a pretraining but the pictures; defaults suit a small CPU.

    Attributes:
        encoder: network: resnet10, 18, 34 or 50, wide_resnet50_2, squeezenet, convnext_tiny, ….
        width: multiplier of the encoder's channels; 1 for efficientnetv2_b0 and convnext_tiny.
        stem: of resnets: cifar (3×3), strided (4×4), imagenet (7×7, pooling), auto (by size).
        normalization: of resnets: batch, or group, with which micro-batches change no gradient.
        mixed_precision: none, bfloat16 or float16.
        projection_depth: dense layers of the projection head.
        projection_width: size of the head's hidden layers; 0 takes the features' size.
        projection_size: size of the projections.
        projection_batch_norm: normalise within the head; never with normalization group.
        augment: recipe of the views; auto takes one by data set and picture size.
        view_size: height and width of the views in pixels; 0 decides by pictures and encoder.
        temperature: of the contrastive loss, greater than 0.
        batch_size: pictures a step, at least 2.
        microbatch_size: pictures held in memory at once; divides the batch size; 0 takes all.
        epochs: passes over the training pictures; 0 takes 9, longer ones where they are few.
        steps_per_epoch: steps in an epoch; 0 takes all pictures once.
        max_minutes: where greater than 0, train as many epochs as fit, measured at the start.
        optimizer: sgd, adam, adamw, lars or lamb.
        learning_rate: at its peak; the scaling rule may multiply it.
        learning_rate_scaling: none, linear (× batch size / 256) or sqrt (× √batch size).
        warmup_fraction: share of all steps in which the learning rate rises, 0..1.
        weight_decay: in the optimizer's own sense; batch norm and biases are left out.
        momentum: of sgd and lars, 0..1.
        clip_norm: largest global gradient norm; 0 does not clip.
        online_probe: train a linear probe beside it where there are labels; it teaches nothing.
        seed: of weights, order and augmentation.
        checkpoint_every_steps: also save a checkpoint within epochs; 0 saves at their ends only.
        tensorboard: write logs for TensorBoard.
        wandb_project: mirror the metrics to this Weights & Biases project; empty for none.
    """

    encoder: str = "resnet10"
    width: float = 0.25
    stem: str = "auto"
    normalization: str = "batch"
    mixed_precision: str = "bfloat16"
    projection_depth: int = 2
    projection_width: int = 0
    projection_size: int = 128
    projection_batch_norm: bool = True
    augment: str = "auto"
    view_size: int = 0
    temperature: float = 0.15
    batch_size: int = 128
    microbatch_size: int = 0
    epochs: int = 0
    steps_per_epoch: int = 0
    max_minutes: float = 0.0
    optimizer: str = "sgd"
    learning_rate: float = 0.3
    learning_rate_scaling: str = "none"
    warmup_fraction: float = 0.05
    weight_decay: float = 1e-3
    momentum: float = 0.9
    clip_norm: float = 0.0
    online_probe: bool = True
    seed: int = 0
    checkpoint_every_steps: int = 0
    tensorboard: bool = True
    wandb_project: str = ""

    def __post_init__(self) -> None:
        check_one_of("encoder", self.encoder, ENCODERS)
        check_positive("width", self.width)
        check_one_of("stem", self.stem, STEMS)
        check_one_of("normalization", self.normalization, NORMALIZATIONS)
        _check_network(self.encoder, self.width, self.stem, self.normalization)
        check_one_of("mixed_precision", self.mixed_precision, PRECISIONS)
        check_at_least("projection_depth", self.projection_depth, 1)
        check_at_least("projection_width", self.projection_width, 0)
        check_at_least("projection_size", self.projection_size, 1)
        check_one_of("augment", self.augment, ("auto", *PRETRAIN_RECIPES, *SUPERVISED_RECIPES))
        check_view_size(self.view_size, self.smallest_view)
        check_positive("temperature", self.temperature)
        check_at_least("batch_size", self.batch_size, 2)
        check_at_least("microbatch_size", self.microbatch_size, 0)
        if self.microbatch_size and self.batch_size % self.microbatch_size:
            raise ValueError(
                f"`microbatch_size` must divide `batch_size` ({self.batch_size}). "
                f"Received: microbatch_size={self.microbatch_size!r}"
            )
        check_at_least("epochs", self.epochs, 0)
        check_at_least("steps_per_epoch", self.steps_per_epoch, 0)
        check_between("max_minutes", self.max_minutes, 0, MINUTES_OF_A_YEAR)
        check_one_of("optimizer", self.optimizer, OPTIMIZERS)
        check_positive("learning_rate", self.learning_rate)
        check_one_of("learning_rate_scaling", self.learning_rate_scaling, SCALING_RULES)
        check_between("warmup_fraction", self.warmup_fraction, 0, 1)
        check_at_least("weight_decay", self.weight_decay, 0)
        check_between("momentum", self.momentum, 0, 1)
        check_at_least("clip_norm", self.clip_norm, 0)
        check_at_least("seed", self.seed, 0)
        check_at_least("checkpoint_every_steps", self.checkpoint_every_steps, 0)

    def recipe(self, data_name: str, image_size: int) -> str:
        """Returns the augmentation recipe for these pictures: `augment`, unless it is auto."""
        return default_recipe(data_name, image_size) if self.augment == "auto" else self.augment

    def size_of_views(self, data_name: str, image_size: int) -> int:
        """Returns height and width of the views of these pictures: `view_size`, unless it is 0."""
        return self.view_size or default_view_size(data_name, image_size, self.smallest_view)

    @property
    def smallest_view(self) -> int:
        """Height and width of the smallest views that the encoder takes."""
        return SMALLEST_VIEW_OF_RESNETS if self.encoder in RESNETS else SMALLEST_VIEW

    def length(self, steps_once: int) -> tuple[int, int]:
        """Returns epochs and the steps of each, when all pictures once are `steps_once` steps.

        With `epochs` 0 there are 9, each of at least 14,400 pictures: a folder of a few hundred
        would otherwise be trained on for a few steps only.
        """
        steps = self.steps_per_epoch or steps_once
        if self.epochs:
            return self.epochs, steps
        return 9, max(steps, 14_400 // self.batch_size)


def _check_network(encoder: str, width: float, stem: str, normalization: str) -> None:
    """Refuses what `build_encoder` would refuse once all pictures are decoded."""
    if width != 1 and encoder in WITHOUT_WIDTH:
        raise ValueError(
            f"`width` must be 1 for {encoder}, whose channels have no multiplier. "
            f"Received: width={width!r}"
        )
    for name, value, only in (("stem", stem, "auto"), ("normalization", normalization, "batch")):
        if value != only and encoder not in RESNETS:
            raise ValueError(f"`{name}` must be {only} for {encoder}. Received: {name}={value!r}")


@dataclasses.dataclass(frozen=True)
class SupervisedSettings:
    """Everything that decides a training with labels but the pictures and the encoder.

    Attributes:
        augment: recipe of the training pictures; auto takes one by data set and picture size.
        batch_size: pictures a step; all labelled pictures where there are fewer.
        pictures: how many pictures are seen in all, whatever the number of labels.
        minimum_epochs: passes over the labelled pictures at least.
        optimizer: sgd, adam, adamw, lars or lamb.
        learning_rate: at its peak.
        warmup_fraction: share of all steps in which the learning rate rises, 0..1.
        weight_decay: in the optimizer's own sense; batch norm and biases are left out.
        label_smoothing: share of the target spread over all classes, 0..1.
        seed: of weights, order and augmentation.
    """

    augment: str = "auto"
    batch_size: int = 128
    pictures: int = 40_000
    minimum_epochs: int = 10
    optimizer: str = "adamw"
    learning_rate: float = 0.012
    warmup_fraction: float = 0.2
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        check_one_of("augment", self.augment, ("auto", *SUPERVISED_RECIPES, *PRETRAIN_RECIPES))
        check_at_least("batch_size", self.batch_size, 2)
        check_at_least("pictures", self.pictures, 1)
        check_at_least("minimum_epochs", self.minimum_epochs, 1)
        check_one_of("optimizer", self.optimizer, OPTIMIZERS)
        check_positive("learning_rate", self.learning_rate)
        check_between("warmup_fraction", self.warmup_fraction, 0, 1)
        check_at_least("weight_decay", self.weight_decay, 0)
        check_between("label_smoothing", self.label_smoothing, 0, 1)
        check_at_least("seed", self.seed, 0)

    def recipe(self, data_name: str, image_size: int) -> str:
        """Returns the augmentation recipe for these pictures: `augment`, unless it is auto."""
        return default_recipe(data_name, image_size) if self.augment == "auto" else self.augment


# A pretrained encoder is changed more gently, and sooner done, than one that starts at random.
FINE_TUNE = SupervisedSettings(learning_rate=1e-3, warmup_fraction=0.1, pictures=8_000)


@dataclasses.dataclass(frozen=True)
class ComparisonSettings:
    """What is compared.

    Attributes:
        pretrain: the pretraining; its seed is replaced by each of `seeds`.
        baseline: supervised training from scratch, of the same encoder.
        fine_tune: supervised training from the pretrained encoder and its linear probe.
        budget: labels of the table.
        curve: further numbers of labels per class for the curve.
        seeds: each gives another pretraining, other labels and another baseline.
    """

    pretrain: PretrainSettings
    baseline: SupervisedSettings
    fine_tune: SupervisedSettings
    budget: LabelBudget
    curve: tuple[int, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2)

    def __post_init__(self) -> None:
        check_at_least("seeds", len(self.seeds), 1)
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(
                f"`seeds` must differ: the same one gives the same result. "
                f"Received: seeds={self.seeds}"
            )
        for labels_per_class in self.curve:
            check_at_least("curve_labels_per_class", labels_per_class, 1)
