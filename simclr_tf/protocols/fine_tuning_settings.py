"""What fine-tuning with labels can be asked for; nothing here imports TensorFlow."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_at_least, check_between, check_one_of, check_positive
from simclr_tf.encoders.unfreezing_schedule import unfreezing_stages
from simclr_tf.protocols.settings import (
    ENCODERS,
    MINUTES_OF_A_YEAR,
    OPTIMIZERS,
    PRECISIONS,
    PRETRAIN_RECIPES,
    STEMS,
    SUPERVISED_RECIPES,
)
from simclr_tf.protocols.view_defaults import default_recipe

OBJECTIVES = (
    "supcon",
    "supcon+cross_entropy",
    "triplet",
    "triplet+cross_entropy",
    "cross_entropy",
)
MINING = ("all", "hard", "semi_hard", "random")
DISTANCES = ("squared_euclidean", "euclidean", "cosine")
LABEL_MIXERS = ("none", "mix_up", "cut_mix")
# Few labels would otherwise make epochs of a few steps, each with its evaluation.
_SMALLEST_EPOCH = 1600


@dataclasses.dataclass(frozen=True)
class FineTuningSettings:
    """Everything that decides a fine-tuning but the pictures and which labels may be used.

    Attributes:
        encoder_dir: trained encoder to start from: run folder, version or .keras file.
        from_head_layer: keep so many layers of its projection head, as SimCLR v2; 0 keeps none.
        encoder: network where there is no encoder_dir: resnet10, 18, 34, 50, squeezenet, ….
        width: multiplier of that network's channels.
        stem: its first layers: cifar (3×3), strided (4×4), imagenet (7×7, pooling), auto (by size).
        mixed_precision: of that network: none, bfloat16 or float16.
        weights: of that network: none (new), imagenet (downloads), a Keras file or a run folder.
        objective: supcon, triplet, cross_entropy, supcon+cross_entropy or triplet+cross_entropy.
        unfreeze: trained of the encoder: head (nothing), last_stage, all; or head:2,all in epochs.
        layer_decay: each block of the encoder learns so much slower than the one after it, 0..1.
        freeze_batch_norm: leave the encoder's batch normalisation as it is.
        head_depth: dense layers between features and supcon or triplet loss; 0 for none.
        head_width: size of the head's hidden layers; 0 takes the features' size.
        head_size: size of the embeddings that are compared.
        keep_head: the saved encoder ends with the head and gives its embeddings.
        temperature: of supcon, greater than 0.
        margin: of triplet, greater than 0; not used where it is soft.
        mining: which triplets of a batch: all, hard, semi_hard or random.
        distance: of two embeddings in triplet: squared_euclidean, euclidean or cosine.
        soft_margin: soft margin in triplet instead of the hinge.
        cross_entropy_weight: beside supcon or triplet, greater than 0.
        label_smoothing: of objective cross_entropy, 0..1.
        label_mixer: of objective cross_entropy: none, mix_up or cut_mix, with soft labels.
        label_mixer_alpha: how much it mixes; 0 takes the paper's: .2 for mix_up, 1 for cut_mix.
        augment: recipe of the views; auto takes one by data set and picture size, none takes none.
        random_erasing: share of the views that lose a rectangle, 0..1; 0 leaves it to the recipe.
        batch_size: pictures a step at most, at least 2; supcon draws two views of each.
        microbatch_size: of these in memory at once (supcon, triplet); 0 all; must divide the batch.
        pictures_per_class: of every class in a batch (supcon, triplet); 0 decides by the labels.
        repeat: a class of fewer pictures gives some of them more than once in a batch.
        class_balanced: for cross_entropy: all classes equally often.
        epochs: how often validation is measured, at least 1.
        steps_per_epoch: steps in an epoch; 0 takes the labelled pictures once, at least 1,600.
        patience: end after so many epochs without a better val_top_1; 0 trains them all.
        max_minutes: where greater than 0, train as many epochs as fit, measured at the start.
        optimizer: sgd, adam, adamw, lars or lamb.
        learning_rate: at its peak.
        warmup_fraction: share of all steps in which the learning rate rises, 0..1.
        weight_decay: in the optimizer's own sense; batch norm and biases are left out.
        clip_norm: largest global gradient norm; 0 does not clip.
        weight_averaging: momentum of the weights' average that is measured and kept; 0 for none.
        start_weight: share of the start in the weights that are measured and saved, 0..1.
        probe_linearly: also measure a linear probe, which takes long with thousands of classes.
        seed: of new weights, order, augmentation, mining and the choice of labels.
        checkpoint_every_steps: also save a checkpoint within epochs; 0 saves at their ends only.
    """

    encoder_dir: str = ""
    from_head_layer: int = 0
    encoder: str = "resnet10"
    width: float = 1.0
    stem: str = "auto"
    mixed_precision: str = "none"
    weights: str = "none"
    objective: str = "supcon"
    unfreeze: str = "all"
    layer_decay: float = 1.0
    freeze_batch_norm: bool = False
    head_depth: int = 2
    head_width: int = 0
    head_size: int = 128
    keep_head: bool = False
    temperature: float = 0.1
    margin: float = 0.2
    mining: str = "semi_hard"
    distance: str = "squared_euclidean"
    soft_margin: bool = False
    cross_entropy_weight: float = 1.0
    label_smoothing: float = 0.1
    label_mixer: str = "none"
    label_mixer_alpha: float = 0.0
    augment: str = "auto"
    random_erasing: float = 0.0
    batch_size: int = 64
    microbatch_size: int = 0
    pictures_per_class: int = 0
    repeat: bool = False
    class_balanced: bool = False
    epochs: int = 10
    steps_per_epoch: int = 0
    patience: int = 0
    max_minutes: float = 0.0
    optimizer: str = "adam"
    learning_rate: float = 3e-4
    warmup_fraction: float = 0.1
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    weight_averaging: float = 0.0
    start_weight: float = 0.0
    probe_linearly: bool = True
    seed: int = 0
    checkpoint_every_steps: int = 0

    def __post_init__(self) -> None:
        self._check_start()
        self._check_objective()
        self._check_unfreezing()
        self._check_batches()
        check_between("max_minutes", self.max_minutes, 0, MINUTES_OF_A_YEAR)
        check_one_of("optimizer", self.optimizer, OPTIMIZERS)
        check_positive("learning_rate", self.learning_rate)
        for number in ("weight_decay", "clip_norm", "seed", "checkpoint_every_steps"):
            check_at_least(number, getattr(self, number), 0)
        for share in ("warmup_fraction", "weight_averaging", "start_weight"):
            check_between(share, getattr(self, share), 0, 1)

    def _check_start(self) -> None:
        check_one_of("encoder", self.encoder, ENCODERS)
        check_positive("width", self.width)
        check_one_of("stem", self.stem, STEMS)
        check_one_of("mixed_precision", self.mixed_precision, PRECISIONS)
        if self.encoder_dir and self.weights != "none":
            raise ValueError(
                "Only one of `encoder_dir` and `weights` may be given. Received: "
                f"encoder_dir={self.encoder_dir!r}, weights={self.weights!r}"
            )
        check_at_least("from_head_layer", self.from_head_layer, 0)
        if self.from_head_layer and not self.encoder_dir:
            raise ValueError(
                "`from_head_layer` needs an `encoder_dir` with the projection head of its "
                f"pretraining. Received: from_head_layer={self.from_head_layer!r}"
            )

    def _check_objective(self) -> None:
        check_one_of("objective", self.objective, OBJECTIVES)
        check_at_least("head_depth", self.head_depth, 0)
        check_at_least("head_width", self.head_width, 0)
        check_at_least("head_size", self.head_size, 1)
        if self.keep_head and (self.objective == "cross_entropy" or self.head_depth == 0):
            raise ValueError(
                "`keep_head` needs a head between features and loss: an objective with supcon or "
                f"triplet and a head_depth of at least 1. Received: objective={self.objective!r}, "
                f"head_depth={self.head_depth!r}"
            )
        if self.keep_head and self.start_weight:
            raise ValueError(
                "`start_weight` must be 0 with `keep_head`: a new head has no start. "
                f"Received: start_weight={self.start_weight!r}"
            )
        check_positive("temperature", self.temperature)
        check_positive("margin", self.margin)
        check_one_of("mining", self.mining, MINING)
        check_one_of("distance", self.distance, DISTANCES)
        check_positive("cross_entropy_weight", self.cross_entropy_weight)
        check_between("label_smoothing", self.label_smoothing, 0, 1)
        check_one_of("label_mixer", self.label_mixer, LABEL_MIXERS)
        check_at_least("label_mixer_alpha", self.label_mixer_alpha, 0)
        if self.label_mixer != "none" and self.objective != "cross_entropy":
            raise ValueError(
                "`label_mixer` is for the objective cross_entropy: the others compare pictures of "
                f"one class each. Received: label_mixer={self.label_mixer!r}, "
                f"objective={self.objective!r}"
            )

    def _check_unfreezing(self) -> None:
        check_at_least("epochs", self.epochs, 1)
        # A time limit decides the epochs later.
        first, *later = unfreezing_stages(self.unfreeze, None if self.max_minutes else self.epochs)
        if first.unfreeze == "head" and not later and not self.keep_head:
            raise ValueError(
                "`unfreeze` may be head alone only with `keep_head`: without it nothing that is "
                "saved would be trained. Received: unfreeze='head', keep_head=False"
            )
        if first.unfreeze == "head" and self.objective in ("supcon", "triplet"):
            check_at_least("head_depth", self.head_depth, 1)
        check_positive("layer_decay", self.layer_decay)
        check_between("layer_decay", self.layer_decay, 0, 1)

    def _check_batches(self) -> None:
        recipes = ("auto", "none", *PRETRAIN_RECIPES, *SUPERVISED_RECIPES)
        check_one_of("augment", self.augment, recipes)
        check_between("random_erasing", self.random_erasing, 0, 1)
        check_at_least("batch_size", self.batch_size, 2)
        check_at_least("microbatch_size", self.microbatch_size, 0)
        if self.microbatch_size and not self.over_classes:
            raise ValueError(
                "`microbatch_size` is for supcon and triplet, whose loss needs the whole batch. "
                f"Received: microbatch_size={self.microbatch_size!r}, objective={self.objective!r}"
            )
        check_at_least("pictures_per_class", self.pictures_per_class, 0)
        if 2 * self.pictures_per_class > self.batch_size:
            raise ValueError(
                "`pictures_per_class` must be at most half of `batch_size` "
                f"({self.batch_size}), for two classes. "
                f"Received: pictures_per_class={self.pictures_per_class!r}"
            )
        if "triplet" in self.objective and self.pictures_per_class == 1:
            raise ValueError(
                "`pictures_per_class` must be at least 2 for triplets, which need a positive. "
                "Received: pictures_per_class=1"
            )
        check_at_least("steps_per_epoch", self.steps_per_epoch, 0)
        check_at_least("patience", self.patience, 0)

    @property
    def over_classes(self) -> bool:
        """Whether the loss compares the classes of a batch."""
        return self.objective != "cross_entropy"

    @property
    def joint_weight(self) -> float:
        """Weight of the cross-entropy beside supcon or triplet; 0 where it is not asked for."""
        return self.cross_entropy_weight if "+cross_entropy" in self.objective else 0.0

    def recipe(self, data_name: str, image_size: int) -> str:
        """Returns the augmentation recipe for these pictures: `augment`, unless it is auto."""
        return default_recipe(data_name, image_size) if self.augment == "auto" else self.augment

    def epoch_steps(self, labels: int, batch_size: int) -> int:
        """Returns the steps of an epoch with so many labelled pictures."""
        return self.steps_per_epoch or max(1, max(labels, _SMALLEST_EPOCH) // batch_size)
