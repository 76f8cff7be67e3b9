"""What the models whose loss compares the pictures of a batch have in common."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from simclr_tf.checks import check_at_least


class EmbeddingModel(keras.Model):
    """An encoder, perhaps a head, and a loss that compares the V N views of N pictures.

    A subclass sets encoder, augmenter and trackers and says what its head, views and loss are;
    `step_gradients` puts them together, at once or in micro-batches. Calling the model returns
    features.

    Args:
        microbatch_size: pictures whose activations are in memory at once, at least 1; must divide
            the batch, see `step_gradients`. By default all at once.

    Attributes:
        views_per_picture: V.
        encoder: from pictures to features `[batch, d]`.
        augmenter: `Augmenter` that draws the views; `None` where there is nothing to draw.
        trackers: running means by name.

    Raises:
        ValueError: if `microbatch_size` is below 1.
    """

    views_per_picture = 1
    encoder: keras.Model
    augmenter: Any
    trackers: dict[str, keras.metrics.Mean]

    def __init__(self, *, microbatch_size: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if microbatch_size is not None:
            check_at_least("microbatch_size", microbatch_size, 1)
        self.microbatch_size = microbatch_size

    @property
    def head(self) -> keras.Model | None:
        """From features to embeddings `[batch, k]`; `None` where those are compared themselves."""
        raise NotImplementedError

    def views(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Returns `[V N, height, width, 3]` of `[N, height, width, 3]`, whole sets in order.

        Args:
            images: uint8 or floating, 0..255.
            seed: int32 `[2]`, which gives the same views each time.
        """
        raise NotImplementedError

    def measure(
        self, features: tf.Tensor, z: tf.Tensor, labels: Any, training: bool
    ) -> dict[str, tf.Tensor]:
        """Returns the `loss` with its parts by name, float32 scalars.

        Args:
            features: `[V N, d]`, of this replica's N pictures where several share a batch.
            z: embeddings of all of them, in the order of the whole batch.
            labels: as the subclass knows them.
            training: whether the loss may draw.
        """
        raise NotImplementedError

    def own_loss(self, values: dict[str, tf.Tensor]) -> tf.Tensor:
        """Returns this replica's share of what is minimised, out of what `measure` gave."""
        raise NotImplementedError

    def next_seed(self) -> tf.Tensor:
        """Draws the seed of the views of a training step, int32 `[2]`."""
        return tf.constant([0, 0]) if self.augmenter is None else self.augmenter.next_seed()

    def embed(self, views: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns features `[V N, d]` and embeddings `[V N, k]` of `[V N, height, width, 3]`."""
        features = self.encoder(views, training=training)
        return features, self.project(features, training)

    def project(self, features: tf.Tensor, training: bool) -> tf.Tensor:
        """Returns embeddings `[batch, k]` of features `[batch, d]`."""
        if self.head is None:
            return tf.identity(features)
        return self.head(features, training=training)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return list(self.trackers.values())

    def call(self, images, training=False):
        return self.encoder(images, training=training)

    def get_config(self):
        return {**super().get_config(), "microbatch_size": self.microbatch_size}
