"""SupCon: pictures of one class must find each other in the batch."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from simclr_tf.augment import Augmenter
from simclr_tf.checks import check_positive
from simclr_tf.distribution.replicas import replica_count
from simclr_tf.losses import sup_con
from simclr_tf.training.metric_learner import MetricLearner


@keras.saving.register_keras_serializable(package="simclr_tf")
class SupConFineTuner(MetricLearner):
    """Trains features with labels: all views of a class must find each other in the batch.

    A training step draws two views of N pictures, runs all 2N through encoder and projection head
    in one pass, and minimises the supervised contrastive loss. Used in two stages (this, then a
    linear probe of the features), as in the paper, or jointly with a classification layer on the
    features by `cross_entropy_weight`. Calling the model returns features.

    Args:
        encoder: `keras.Model` from pictures `[batch, height, width, 3]`, 0..255, to `[batch, d]`.
        projection_head: `keras.Model` from `[batch, d]` to `[batch, k]`; `None` compares the
            features themselves.
        augmenter: `Augmenter` that draws the views.
        temperature: of the loss, greater than 0.
        num_classes: classes of the classification layer, at least 2 where it has a weight.
        cross_entropy_weight: weight of its cross-entropy, at least 0; 0 leaves the layer out.
        microbatch_size: pictures whose activations are in memory at once; must divide the batch.
            The loss is that of the whole batch and its gradients are exact, for about a third
            more time, but batch normalisation sees the views of one micro-batch. By default all.

    Input shape:
        `fit` takes `(pictures, labels)`: uint8 `[N, height, width, 3]` and int32 `[N]`, where −1
        marks a picture without label: a negative to all others, and nothing else.

    Output shape:
        float32 `[batch, d]`.

    Raises:
        ValueError: if a number is out of its range, or `fit` gets no labels.

    Example:
        >>> encoder = load_encoder("runs/mine")
        >>> head = build_projection_head(encoder.output_shape[-1])
        >>> model = SupConFineTuner(encoder, head, build_augmenter("simclr-cifar", 32))
        >>> model.compile(optimizer="adam", jit_compile=False)
        >>> model.fit(class_batches(splits.train, 10, 8, seed=0, num_steps=500))

    Reference:
        Khosla et al. 2020, "Supervised Contrastive Learning".
    """

    views_per_picture = 2

    def __init__(
        self,
        encoder: keras.Model,
        projection_head: keras.Model | None,
        augmenter: Augmenter,
        *,
        temperature: float = 0.1,
        num_classes: int = 0,
        cross_entropy_weight: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            encoder,
            augmenter,
            num_classes=num_classes,
            cross_entropy_weight=cross_entropy_weight,
            **kwargs,
        )
        check_positive("temperature", temperature)
        self.projection_head = projection_head
        self.temperature = temperature

    @property
    def head(self):
        return self.projection_head

    def views(self, images, seed):
        return self.augmenter.two_views(images, seed)

    def evaluation_views(self, images):
        # Their losses differ by the weights alone.
        return self.views(images, tf.constant([0, 0]))

    def metric_loss(self, z, labels, training):
        return sup_con(z, labels, self.temperature, in_shares=replica_count() > 1)

    def get_config(self):
        head = self.projection_head
        return {
            **super().get_config(),
            "projection_head": None if head is None else keras.saving.serialize_keras_object(head),
            "temperature": self.temperature,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for part in ("encoder", "projection_head", "augmenter"):
            if config[part] is not None:
                config[part] = keras.saving.deserialize_keras_object(config[part])
        return cls(**config)
