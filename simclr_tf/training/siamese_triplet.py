"""Triplets: a picture must lie nearer to its own class than to others."""

from __future__ import annotations

from typing import Any

import keras

from simclr_tf.augment import Augmenter
from simclr_tf.checks import check_at_least
from simclr_tf.losses import triplet
from simclr_tf.losses.triplet import check_arguments
from simclr_tf.training.metric_learner import MetricLearner


@keras.saving.register_keras_serializable(package="simclr_tf")
class SiameseTriplet(MetricLearner):
    """Trains an embedding with labels by the triplet loss over a batch.

    A training step draws one view of each of N pictures and compares all embeddings of the batch,
    so give batches with several pictures of a class (`class_batches`). By `cross_entropy_weight` a
    classification layer on the features learns beside it (multi-task). Calling the model returns
    the features, before the embedding head.

    Args:
        encoder: `keras.Model` from pictures `[batch, height, width, 3]`, 0..255, to `[batch, d]`.
        embedding_head: `keras.Model` from `[batch, d]` to `[batch, k]`; `None` compares the
            features themselves.
        augmenter: `Augmenter` that draws one view of each training picture; `None` for none.
        margin: greater than 0; not used where `soft`.
        mining: `"all"`, `"hard"`, `"semi_hard"` or `"random"`, which draws anew in every step.
        distance: `"squared_euclidean"`, `"euclidean"` or `"cosine"`.
        soft: soft margin instead of the hinge.
        normalize: scale the embeddings to length 1, as FaceNet does.
        nonzero_mean: mean over the triplets that cost anything.
        num_classes: classes of the classification layer, at least 2 where it has a weight.
        cross_entropy_weight: weight of its cross-entropy, at least 0; 0 leaves the layer out.
        microbatch_size: pictures whose activations are in memory at once, as in `SupConFineTuner`.
        seed: starts the generator of `mining="random"`, at least 0.

    Input shape:
        `fit` takes `(pictures, labels)`: uint8 `[N, height, width, 3]` and int32 `[N]`, where −1
        marks a picture without label: a negative to all others, and nothing else.

    Output shape:
        float32 `[batch, d]`.

    Raises:
        ValueError: if an argument is not accepted, or `fit` gets no labels.

    Example:
        >>> encoder = load_encoder("runs/mine")
        >>> model = SiameseTriplet(encoder, None, build_augmenter("crop-flip", 32))
        >>> model.compile(optimizer="adam", jit_compile=False)
        >>> model.fit(class_batches(splits.train, 16, 4, seed=0, num_steps=500))

    Reference:
        Schroff et al. 2015, "FaceNet", section 3; see `losses.triplet`.
    """

    def __init__(
        self,
        encoder: keras.Model,
        embedding_head: keras.Model | None = None,
        augmenter: Augmenter | None = None,
        *,
        margin: float = 0.2,
        mining: str = "semi_hard",
        distance: str = "squared_euclidean",
        soft: bool = False,
        normalize: bool = True,
        nonzero_mean: bool = False,
        num_classes: int = 0,
        cross_entropy_weight: float = 0.0,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            encoder,
            augmenter,
            num_classes=num_classes,
            cross_entropy_weight=cross_entropy_weight,
            **kwargs,
        )
        check_arguments(margin, mining, distance)
        check_at_least("seed", seed, 0)
        self.embedding_head = embedding_head
        self.margin = margin
        self.mining = mining
        self.distance = distance
        self.soft = soft
        self.normalize = normalize
        self.nonzero_mean = nonzero_mean
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    @property
    def head(self):
        return self.embedding_head

    def views(self, images, seed):
        return images if self.augmenter is None else self.augmenter.transform(images, seed)

    def evaluation_views(self, images):
        return images

    def metric_loss(self, z, labels, training):
        return triplet(
            z,
            labels,
            self.margin,
            self.mining,
            self.distance,
            self.soft,
            normalize=self.normalize,
            nonzero_mean=self.nonzero_mean,
            seed=self.seed_generator.next() if training else 0,
        )

    def get_config(self):
        head = self.embedding_head
        names = ("margin", "mining", "distance", "soft", "normalize", "nonzero_mean", "seed")
        return {
            **super().get_config(),
            "embedding_head": None if head is None else keras.saving.serialize_keras_object(head),
            **{name: getattr(self, name) for name in names},
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for part in ("encoder", "embedding_head", "augmenter"):
            if config.get(part) is not None:
                config[part] = keras.saving.deserialize_keras_object(config[part])
        return cls(**config)
