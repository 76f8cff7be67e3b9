"""A classifier on an encoder, trained with labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from simclr_tf.augment import Augmenter, LabelMixer
from simclr_tf.checks import check_at_least, check_between
from simclr_tf.distribution.gradients import apply_gradients
from simclr_tf.distribution.keras_faults import step_logs
from simclr_tf.distribution.replicas import share_of_loss


@keras.saving.register_keras_serializable(package="simclr_tf")
class Classifier(keras.Model):
    """Cross-entropy on a dense layer over an encoder: the supervised baseline and the fine-tune.

    Args:
        encoder: `keras.Model` from pictures `[batch, height, width, 3]`, 0..255, to `[batch, d]`.
        num_classes: at least 2.
        augmenter: `Augmenter` that draws one view of each training picture; `None` for none.
        label_smoothing: share of the target spread over all classes, 0..1.
        label_mixer: `MixUp` or `CutMix` that mixes the augmented pictures of a training batch and
            their targets; `None` for none. The accuracy of a training step then counts the
            picture's own label.
        class_names: what the logits stand for, `num_classes` names; `None` where nobody says.

    Input shape:
        `fit` takes `(pictures, labels)`: uint8 `[batch, height, width, 3]`, int32 `[batch]`.

    Output shape:
        Logits, float32 `[batch, num_classes]`.

    Raises:
        ValueError: if a number is out of its range, or there are more or fewer names than classes.

    Example:
        >>> model = Classifier(build_encoder("resnet18"), num_classes=10)
        >>> model.compile(optimizer="adam", jit_compile=False)
        >>> model.fit(batches, epochs=10)
    """

    def __init__(
        self,
        encoder: keras.Model,
        num_classes: int,
        *,
        augmenter: Augmenter | None = None,
        label_smoothing: float = 0.0,
        label_mixer: LabelMixer | None = None,
        class_names: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_at_least("num_classes", num_classes, 2)
        check_between("label_smoothing", label_smoothing, 0, 1)
        if class_names is not None and len(class_names) != num_classes:
            raise ValueError(
                f"`class_names` must have a name for each of the {num_classes} classes. "
                f"Received: {len(class_names)} names"
            )
        self.encoder = encoder
        self.num_classes = num_classes
        self.augmenter = augmenter
        self.label_smoothing = label_smoothing
        self.label_mixer = label_mixer
        self.class_names = None if class_names is None else tuple(class_names)
        self.head = keras.layers.Dense(num_classes, dtype="float32", name="head")
        self.trackers = {name: keras.metrics.Mean(name=name) for name in ("loss", "accuracy")}

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return list(self.trackers.values())

    def build(self, input_shape):
        if not self.head.built:
            self.head.build((None, self.encoder.output_shape[-1]))
        self.built = True

    def call(self, images, training=False):
        return self.head(self.encoder(images, training=training))

    def train_step(self, data):
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        if self.augmenter is not None:
            images = self.augmenter(images, training=True)
        targets = labels
        if self.label_mixer is not None:
            images, targets = self.label_mixer((images, tf.one_hot(labels, self.num_classes)))
        with tf.GradientTape() as tape:
            logits = self(images, training=True)
            loss = self.cross_entropy(targets, logits)
            scaled_loss = self.optimizer.scale_loss(share_of_loss(loss))
        gradients = tape.gradient(scaled_loss, self.trainable_variables)
        apply_gradients(self.optimizer, gradients, self.trainable_variables)
        return self.update_metrics(labels, logits, loss)

    def test_step(self, data):
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        logits = self(images, training=False)
        return self.update_metrics(labels, logits, self.cross_entropy(labels, logits))

    def cross_entropy(self, targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Returns the mean cross-entropy, a float32 scalar, of smoothed targets.

        Args:
            targets: labels, int `[batch]`, or soft targets, floating `[batch, num_classes]`.
            logits: `[batch, num_classes]`.
        """
        log_probabilities = tf.nn.log_softmax(tf.cast(logits, tf.float32))
        if len(targets.shape) == 1:
            own = tf.gather(log_probabilities, targets, batch_dims=1)
        else:
            own = tf.reduce_sum(targets * log_probabilities, axis=1)
        all_classes = tf.reduce_mean(log_probabilities, axis=1)
        smoothing = self.label_smoothing
        return -tf.reduce_mean((1.0 - smoothing) * own + smoothing * all_classes)

    def update_metrics(self, labels, logits, loss) -> dict[str, tf.Tensor]:
        """Adds one batch to the running means and returns them."""
        predictions = tf.argmax(logits, axis=1, output_type=labels.dtype)
        count = tf.shape(labels)[0]
        self.trackers["loss"].update_state(loss, sample_weight=count)
        self.trackers["accuracy"].update_state(predictions == labels)
        return step_logs(self.trackers)

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "encoder": serialize(self.encoder),
            "num_classes": self.num_classes,
            "augmenter": None if self.augmenter is None else serialize(self.augmenter),
            "label_smoothing": self.label_smoothing,
            "label_mixer": None if self.label_mixer is None else serialize(self.label_mixer),
            "class_names": None if self.class_names is None else list(self.class_names),
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for part in ("encoder", "augmenter", "label_mixer"):
            if config.get(part) is not None:
                config[part] = keras.saving.deserialize_keras_object(config[part])
        return cls(**config)
