"""What the models that learn an embedding from labels have in common."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from simclr_tf.augment import Augmenter
from simclr_tf.checks import check_at_least
from simclr_tf.distribution.gradients import apply_gradients
from simclr_tf.distribution.keras_faults import step_logs
from simclr_tf.distribution.replicas import gather_rows, share_of_loss
from simclr_tf.metrics import nearest_label_accuracy
from simclr_tf.training.embedding_model import EmbeddingModel
from simclr_tf.training.gradient_cache import step_gradients


class MetricLearner(EmbeddingModel):
    """An encoder trained by a loss over the classes of a batch, beside a classifier if wanted.

    A subclass draws the views of a batch, embeds features and gives the loss of the embeddings.
    With a weight greater than 0 a dense layer on the features h adds its cross-entropy, in which
    rows labelled −1 do not count.

    Args:
        encoder: `keras.Model` from pictures `[batch, height, width, 3]`, 0..255, to `[batch, d]`.
        augmenter: `Augmenter` that draws the views, or `None`.
        num_classes: classes of the classification layer, at least 2 where it has a weight.
        cross_entropy_weight: weight of its cross-entropy, at least 0; 0 leaves the layer out.
        microbatch_size: see `EmbeddingModel`.

    Raises:
        ValueError: if a number is out of its range.
    """

    def __init__(
        self,
        encoder: keras.Model,
        augmenter: Augmenter | None,
        *,
        num_classes: int = 0,
        cross_entropy_weight: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_at_least("cross_entropy_weight", cross_entropy_weight, 0)
        check_at_least("num_classes", num_classes, 2 if cross_entropy_weight else 0)
        self.encoder = encoder
        self.augmenter = augmenter
        self.num_classes = num_classes
        self.cross_entropy_weight = cross_entropy_weight
        self.class_head = None
        names = ["loss", "batch_top_1"]
        if cross_entropy_weight:
            self.class_head = keras.layers.Dense(num_classes, dtype="float32", name="class_head")
            names += ["metric_loss", "cross_entropy_loss", "accuracy"]
        self.trackers = {name: keras.metrics.Mean(name=name) for name in names}

    def evaluation_views(self, images: tf.Tensor) -> tf.Tensor:
        """Returns the views of `[N, height, width, 3]` that every evaluation sees."""
        raise NotImplementedError

    def metric_loss(self, z: tf.Tensor, labels: tf.Tensor, training: bool) -> tf.Tensor:
        """Returns the loss of embeddings `[M, k]` with labels int32 `[M]`, a float32 scalar."""
        raise NotImplementedError

    def build(self, input_shape):
        if self.class_head is not None and not self.class_head.built:
            self.class_head.build((None, self.encoder.output_shape[-1]))
        self.built = True

    def train_step(self, data):
        images, labels = self._images_and_labels(data)
        step = step_gradients(self, images, labels)
        apply_gradients(self.optimizer, step.gradients, self.trainable_variables)
        return self.update_metrics(step.z, labels, step.values)

    def test_step(self, data):
        images, labels = self._images_and_labels(data)
        features, z = self.embed(self.evaluation_views(images), training=False)
        z = gather_rows(z)
        values = self.measure(features, z, labels, training=False)
        return self.update_metrics(z, labels, values)

    def _images_and_labels(self, data):
        """This replica's pictures, and the labels of all replicas' views."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        if labels is None:
            raise ValueError(
                "`fit` must be given labels beside the pictures. Received: labels=None"
            )
        labels = tf.tile(tf.cast(labels, tf.int32), [self.views_per_picture])
        return images, gather_rows(labels)

    def measure(
        self, features: tf.Tensor, z: tf.Tensor, labels: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """Returns the `loss` with its parts by the names of the metrics.

        Where replicas share a batch, all of them get the embeddings and the loss of all its views.

        Args:
            features: `[M / R, d]`, this replica's where R share the batch.
            z: embeddings `[M, k]` of all of them.
            labels: int32 `[M]`.
            training: whether a loss that draws triplets draws new ones.
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

    def own_loss(self, values):
        return share_of_loss(values["loss"])

    def update_metrics(self, z, labels, values) -> dict[str, tf.Tensor]:
        """Adds one batch to the running means and returns them all."""
        rows = tf.shape(z)[0]
        pictures = tf.range(rows) % (rows // self.views_per_picture)
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
        }


def _classify(logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean cross-entropy and accuracy of the labelled rows; 0 where there are none."""
    labelled = tf.cast(labels >= 0, tf.float32)
    targets = tf.maximum(labels, 0)
    errors = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    right = tf.cast(tf.argmax(logits, axis=1, output_type=tf.int32) == targets, tf.float32)
    count = tf.reduce_sum(labelled)
    cross_entropy = tf.math.divide_no_nan(tf.reduce_sum(errors * labelled), count)
    return cross_entropy, tf.math.divide_no_nan(tf.reduce_sum(right * labelled), count)
