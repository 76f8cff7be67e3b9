"""What the models that learn an embedding from labels have in common."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from simclr_tf.augment import Augmenter
from simclr_tf.checks import check_at_least
from simclr_tf.distribution.gradients import apply_gradients
from simclr_tf.distribution.keras_faults import step_logs
from simclr_tf.distribution.replicas import gather_rows, replica_count, share_of_loss
from simclr_tf.metrics import nearest_label_accuracy
from simclr_tf.training.microbatches import Step, microbatch_gradients


class MetricLearner(keras.Model):
    """An encoder trained by a loss over the classes of a batch, beside a classifier if wanted.

    A subclass draws the views of a batch, embeds features and gives the loss of the embeddings.
    With a weight greater than 0 a dense layer on the features h adds its cross-entropy, in which
    rows labelled −1 do not count.

    Args:
        encoder: `keras.Model` from pictures `[batch, height, width, 3]`, 0..255, to `[batch, d]`.
        augmenter: `Augmenter` that draws the views, or `None`.
        num_classes: classes of the classification layer, at least 2 where it has a weight.
        cross_entropy_weight: weight of its cross-entropy, at least 0; 0 leaves the layer out.
        microbatch_size: pictures whose activations are in memory at once, see
            `microbatch_gradients`; must divide the batch. By default all at once.

    Raises:
        ValueError: if a number is out of its range.
    """

    # Of a training step.
    views_per_picture = 1

    def __init__(
        self,
        encoder: keras.Model,
        augmenter: Augmenter | None,
        *,
        num_classes: int = 0,
        cross_entropy_weight: float = 0.0,
        microbatch_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_at_least("cross_entropy_weight", cross_entropy_weight, 0)
        check_at_least("num_classes", num_classes, 2 if cross_entropy_weight else 0)
        if microbatch_size is not None:
            check_at_least("microbatch_size", microbatch_size, 1)
        self.microbatch_size = microbatch_size
        self.encoder = encoder
        self.augmenter: Any = augmenter
        self.num_classes = num_classes
        self.cross_entropy_weight = cross_entropy_weight
        self.class_head = None
        names = ["loss", "batch_top_1"]
        if cross_entropy_weight:
            self.class_head = keras.layers.Dense(num_classes, dtype="float32", name="class_head")
            names += ["metric_loss", "cross_entropy_loss", "accuracy"]
        self.trackers = {name: keras.metrics.Mean(name=name) for name in names}

    @property
    def head(self) -> keras.Model | None:
        """What `project` applies to the features; `None` where those are compared themselves."""
        raise NotImplementedError

    def views(
        self, images: tf.Tensor, labels: tf.Tensor, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns M views `[M, height, width, 3]` of N pictures, whole sets in order, and labels.

        Args:
            images: `[N, height, width, 3]`.
            labels: int32 `[N]`.
            training: whether to draw new views; evaluation sees the same ones each time.
        """
        raise NotImplementedError

    def project(self, features: tf.Tensor, training: bool) -> tf.Tensor:
        """Returns embeddings `[M, k]` of features `[M, d]`."""
        if self.head is None:
            return tf.identity(features)
        return self.head(features, training=training)

    def metric_loss(self, z: tf.Tensor, labels: tf.Tensor, training: bool) -> tf.Tensor:
        """Returns the loss of embeddings `[M, k]` with labels int32 `[M]`, a float32 scalar."""
        raise NotImplementedError

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return list(self.trackers.values())

    def build(self, input_shape):
        if self.class_head is not None and not self.class_head.built:
            self.class_head.build((None, self.encoder.output_shape[-1]))
        self.built = True

    def call(self, images, training=False):
        return self.encoder(images, training=training)

    def train_step(self, data):
        images, labels = _images_and_labels(data)
        views, view_labels = self.views(images, labels, training=True)
        view_labels = gather_rows(view_labels)
        if self.microbatch_size is None:
            z, values, gradients = self.gradients_at_once(views, view_labels)
        else:
            z, values, gradients = microbatch_gradients(self, views, view_labels)
        apply_gradients(self.optimizer, gradients, self.trainable_variables)
        return self.update_metrics(z, view_labels, replica_count() * tf.shape(images)[0], values)

    def test_step(self, data):
        images, labels = _images_and_labels(data)
        views, view_labels = self.views(images, labels, training=False)
        view_labels = gather_rows(view_labels)
        features = self.encoder(views, training=False)
        z = gather_rows(self.project(features, training=False))
        values = self.measure(features, z, view_labels, training=False)
        return self.update_metrics(z, view_labels, replica_count() * tf.shape(images)[0], values)

    def gradients_at_once(self, views: tf.Tensor, labels: tf.Tensor) -> Step:
        """Computes what `microbatch_gradients` does with all activations in memory."""
        with tf.GradientTape() as tape:
            features = self.encoder(views, training=True)
            z = gather_rows(self.project(features, training=True))
            values = self.measure(features, z, labels, training=True)
            scaled_loss = self.optimizer.scale_loss(share_of_loss(values["loss"]))
        return z, values, tape.gradient(scaled_loss, self.trainable_variables)

    def measure(
        self, features: tf.Tensor, z: tf.Tensor, labels: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """Returns the `loss` with its parts by the names of the metrics.

        Where replicas share a batch, all of them get the embeddings and the loss of all its views.

        Args:
            features: `[M / R, d]`, this replica's where R share the batch.
            z: embeddings `[M, k]` of all of them.
            labels: int32 `[M]`.
            training: of the loss.
        """
        loss = self.metric_loss(z, labels, training)
        if self.class_head is None:
            return {"loss": loss}
        cross_entropy, accuracy = _classify(gather_rows(self.class_head(features)), labels)
        return {
            "loss": loss + self.cross_entropy_weight * cross_entropy,
            "metric_loss": loss,
            "cross_entropy_loss": cross_entropy,
            "accuracy": accuracy,
        }

    def update_metrics(self, z, labels, num_pictures, values) -> dict[str, tf.Tensor]:
        """Adds one batch to the running means and returns them all."""
        pictures = tf.range(tf.shape(z)[0]) % num_pictures
        top_1 = nearest_label_accuracy(tf.stop_gradient(z), labels, pictures)
        for name, value in {**values, "batch_top_1": top_1}.items():
            self.trackers[name].update_state(value)
        return step_logs(self.trackers)

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "encoder": serialize(self.encoder),
            "augmenter": None if self.augmenter is None else serialize(self.augmenter),
            "num_classes": self.num_classes,
            "cross_entropy_weight": self.cross_entropy_weight,
            "microbatch_size": self.microbatch_size,
        }


def _images_and_labels(data):
    images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
    if labels is None:
        raise ValueError("`fit` must be given labels beside the pictures. Received: labels=None")
    return images, tf.cast(labels, tf.int32)


def _classify(logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean cross-entropy and accuracy of the labelled rows; 0 where there are none."""
    labelled = tf.cast(labels >= 0, tf.float32)
    targets = tf.maximum(labels, 0)
    errors = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    right = tf.cast(tf.argmax(logits, axis=1, output_type=tf.int32) == targets, tf.float32)
    count = tf.reduce_sum(labelled)
    cross_entropy = tf.math.divide_no_nan(tf.reduce_sum(errors * labelled), count)
    return cross_entropy, tf.math.divide_no_nan(tf.reduce_sum(right * labelled), count)
