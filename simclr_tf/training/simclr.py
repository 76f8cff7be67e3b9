"""SimCLR: two views of each picture, one encoder, a contrastive loss."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from simclr_tf.augment import Augmenter
from simclr_tf.checks import check_at_least, check_positive
from simclr_tf.distribution.gradients import apply_gradients
from simclr_tf.distribution.keras_faults import step_logs
from simclr_tf.distribution.replicas import (
    gather_rows,
    replica_count,
    share_of_loss,
    sum_over_replicas,
)
from simclr_tf.losses import nt_xent
from simclr_tf.metrics import alignment, positive_ranks, uniformity
from simclr_tf.training.embedding_model import EmbeddingModel
from simclr_tf.training.gradient_cache import embed_pictures, step_gradients

METRICS = (
    "loss",
    "contrastive_accuracy",
    "contrastive_top_5_accuracy",
    "alignment",
    "uniformity",
)


@keras.saving.register_keras_serializable(package="simclr_tf")
class SimCLR(EmbeddingModel):
    """Learns features without labels: two views of a picture must find each other in the batch.

    A training step draws two views of N pictures, runs all 2N through encoder and projection head
    in one pass (so that batch normalisation sees both), and minimises NT-Xent. With `num_classes`
    a linear probe learns beside it from the labels of the batch, behind a stop-gradient: it shows
    what the features are worth and teaches them nothing (but an optimizer that clips the norm of
    all gradients together counts the probe's in). Calling the model returns features.

    Args:
        encoder: `keras.Model` from pictures `[batch, height, width, 3]`, 0..255, to `[batch, d]`.
        projection_head: `keras.Model` from `[batch, d]` to `[batch, k]`.
        augmenter: `Augmenter` that draws the views.
        temperature: of the loss, greater than 0.
        num_classes: classes of the online probe; 0 leaves it out.
        microbatch_size: pictures whose activations are in memory at once; must divide the batch.
            The loss and its negatives are those of the whole batch and the gradients are exact,
            for about a third more time, where no picture changes what becomes of another: encoder
            of `build_encoder(..., normalization="group")`, head without batch normalisation. Batch
            normalisation sees the 2m views of one micro-batch of m pictures and not the 2N of the
            batch, and its moving statistics are updated once for each: the gradient is then
            that of a batch normalised in parts, so use m of at least 64.
            Each micro-batch draws its views from a seed of its own. By default all at once.

    Input shape:
        `fit` takes `(pictures, labels)` or pictures alone: uint8 `[N, height, width, 3]` with
        N at least 2, and int32 `[N]`, where −1 marks a picture without label.

    Output shape:
        float32 `[batch, d]`.

    Raises:
        ValueError: if the temperature is not greater than 0, `num_classes` is negative or
            `microbatch_size` is below 1 or does not divide a batch.

    Example:
        >>> encoder = build_encoder("resnet18", image_size=32)
        >>> model = SimCLR(encoder, build_projection_head(512), build_augmenter("simclr-cifar", 32))
        >>> model.compile(optimizer="adam", jit_compile=False)
        >>> model.fit(batches, epochs=10)
        >>> features = encoder(pictures, training=False)

    Reference:
        Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual Representations".
    """

    views_per_picture = 2

    def __init__(
        self,
        encoder: keras.Model,
        projection_head: keras.Model,
        augmenter: Augmenter,
        *,
        temperature: float = 0.1,
        num_classes: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_positive("temperature", temperature)
        check_at_least("num_classes", num_classes, 0)
        self.encoder = encoder
        self.projection_head = projection_head
        self.augmenter = augmenter
        self.temperature = temperature
        self.num_classes = num_classes
        self.online_probe = None
        if num_classes:
            self.online_probe = keras.layers.Dense(num_classes, dtype="float32", name="probe")
        names = METRICS + (("probe_accuracy",) if num_classes else ())
        self.trackers = {name: keras.metrics.Mean(name=name) for name in names}

    @property
    def head(self):
        return self.projection_head

    def build(self, input_shape):
        # Calling the parts keeps every weight's name and makes them savable at once.
        if self.online_probe is not None and not self.online_probe.built:
            self.online_probe.build((None, self.encoder.output_shape[-1]))
        self.built = True

    def train_step(self, data):
        images, labels = _images_and_labels(data)
        step = step_gradients(self, images, labels)
        apply_gradients(self.optimizer, step.gradients, self.trainable_variables)
        return self.update_metrics(step.features, step.z, labels, step.values["loss"])

    def test_step(self, data):
        images, labels = _images_and_labels(data)
        # The same views in every epoch: their losses differ by the weights alone.
        features, projections = embed_pictures(self, images, tf.constant([0, 0]), training=False)
        projections = gather_rows(projections)
        losses = self.measure(features, projections, labels, training=False)
        return self.update_metrics(features, projections, labels, losses["loss"])

    def views(self, images, seed):
        return self.augmenter.two_views(images, seed)

    def measure(self, features, z, labels, training) -> dict[str, tf.Tensor]:
        """Returns the contrastive `loss` and, with an online probe and labels, `probe_loss`.

        Where replicas share the batch, the contrastive loss is that of the whole batch, and the
        other one is the part of this replica's pictures in it.

        Args:
            features: float32 `[2N, d]` of this replica's N pictures.
            z: projections, float32 `[2M, k]`, of all replicas' M pictures, in order.
            labels: int32 `[N]`, or `None`.
            training: makes no difference.
        """
        z_a, z_b = tf.split(z, 2)
        losses = {"loss": nt_xent(z_a, z_b, self.temperature, in_shares=replica_count() > 1)}
        if self.online_probe is not None and labels is not None:
            targets, labelled = self._probe_targets(labels)
            errors = tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=targets, logits=self.online_probe(tf.stop_gradient(features))
            )
            losses["probe_loss"] = tf.math.divide_no_nan(
                tf.reduce_sum(errors * labelled), sum_over_replicas(tf.reduce_sum(labelled))
            )
        return losses

    def own_loss(self, values):
        return share_of_loss(values["loss"]) + values.get("probe_loss", 0.0)

    def update_metrics(self, features, projections, labels, loss) -> dict[str, tf.Tensor]:
        """Adds one batch to the running means and returns them all."""
        z_a, z_b = tf.split(projections, 2)
        ranks = positive_ranks(z_a, z_b, in_shares=True)
        values = {
            "loss": loss,
            "contrastive_accuracy": tf.reduce_mean(tf.cast(ranks < 1, tf.float32)),
            "contrastive_top_5_accuracy": tf.reduce_mean(tf.cast(ranks < 5, tf.float32)),
            "alignment": alignment(z_a, z_b),
            "uniformity": uniformity(z_a, in_shares=True),
        }
        for name, value in values.items():
            self.trackers[name].update_state(value)
        if self.online_probe is not None and labels is not None:
            targets, labelled = self._probe_targets(labels)
            predictions = tf.argmax(self.online_probe(features), axis=1, output_type=tf.int32)
            self.trackers["probe_accuracy"].update_state(predictions == targets, labelled)
        return step_logs(self.trackers)

    def _probe_targets(self, labels):
        """Labels of both views, with a class in place of −1, and which of them count."""
        both = tf.concat([labels, labels], axis=0)
        return tf.maximum(both, 0), tf.cast(both >= 0, tf.float32)

    def get_config(self):
        parts = ("encoder", "projection_head", "augmenter")
        serialized = {
            part: keras.saving.serialize_keras_object(getattr(self, part)) for part in parts
        }
        return {
            **super().get_config(),
            **serialized,
            "temperature": self.temperature,
            "num_classes": self.num_classes,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for part in ("encoder", "projection_head", "augmenter"):
            config[part] = keras.saving.deserialize_keras_object(config[part])
        return cls(**config)


def _images_and_labels(data):
    images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
    return images, None if labels is None else tf.cast(labels, tf.int32)
