"""SimCLR as keras.io's example has it, on a network with Keras's own batch normalisation."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf
from keras import ops

from experiments.benchmarks.keras_timing import time_fit, time_steps
from experiments.benchmarks.pictures import random_pictures
from experiments.benchmarks.plain_keras.augment import build_augmenter
from simclr_tf.encoders import build_encoder, build_projection_head
from simclr_tf.encoders.batch_normalization import FusedBatchNormalization

_TEMPERATURE = 0.2


class ContrastiveModel(keras.Model):
    """The example's contrastive model without its probe.

    Args:
        encoder: from pictures to features.
        projection_head: from features to projections.
        augmenter: from 0..255 to 0..1; `None` takes the batch as it is for both views.
    """

    def __init__(
        self,
        encoder: keras.Model,
        projection_head: keras.Model,
        augmenter: keras.Model | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.projection_head = projection_head
        self.augmenter = augmenter
        self.tracker = keras.metrics.Mean(name="loss")

    def train_step(self, data):
        pictures = data[0] if isinstance(data, tuple) else data
        with tf.GradientTape() as tape:
            z_a, z_b = (self._projections(pictures) for _ in range(2))
            loss = _contrastive_loss(z_a, z_b)
        variables = self.encoder.trainable_weights + self.projection_head.trainable_weights
        gradients = tape.gradient(loss, variables)
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        self.tracker.update_state(loss)
        return {"loss": self.tracker.result()}

    def _projections(self, pictures):
        views = pictures
        if self.augmenter is not None:
            # Our encoders scale pictures of 0..255 themselves.
            views = 255 * self.augmenter(pictures, training=True)
        return self.projection_head(self.encoder(views, training=True), training=True)


def stock_encoder(encoder: str, width: float, image_size: int) -> keras.Model:
    """Returns our network with Keras's own batch normalisation in place of the fused one."""

    def stock(layer: keras.layers.Layer) -> keras.layers.Layer:
        if not isinstance(layer, FusedBatchNormalization):
            return layer.__class__.from_config(layer.get_config())
        config = {**layer.get_config(), "synchronized": False}
        return keras.layers.BatchNormalization.from_config(config)

    network = build_encoder(encoder, image_size=image_size, width=width, mixed_precision="bfloat16")
    return keras.models.clone_model(network, clone_function=stock)


def step(encoder: str, width: float, image_size: int, batch_size: int) -> Callable[[int], float]:
    """Returns a task that trains on views made before, and gives views a second."""
    model = _model(encoder, width, image_size, None)
    return time_steps(model, random_pictures(batch_size, image_size))


def pretrain(
    encoder: str, width: float, image_size: int, batch_size: int
) -> Callable[[int], float]:
    """Returns a task that trains from decoded pictures, and gives pictures a second."""
    model = _model(encoder, width, image_size, build_augmenter())
    pictures = tf.data.Dataset.from_tensor_slices(random_pictures(64 * batch_size, image_size))
    shuffled = pictures.shuffle(len(pictures)).repeat().batch(batch_size)
    return time_fit(
        model, lambda count: shuffled.take(count).prefetch(tf.data.AUTOTUNE), batch_size
    )


def _contrastive_loss(z_a, z_b):
    z_a = ops.normalize(ops.cast(z_a, "float32"), axis=1)
    z_b = ops.normalize(ops.cast(z_b, "float32"), axis=1)
    similarities = ops.matmul(z_a, ops.transpose(z_b)) / _TEMPERATURE
    labels = ops.arange(ops.shape(z_a)[0])
    losses = [
        keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
        for logits in (similarities, ops.transpose(similarities))
    ]
    return ops.mean(losses[0] + losses[1]) / 2


def _model(encoder, width, image_size, augmenter) -> ContrastiveModel:
    keras.utils.set_random_seed(0)
    network = stock_encoder(encoder, width, image_size)
    head = build_projection_head(network.output_shape[-1], mixed_precision="bfloat16")
    model = ContrastiveModel(network, head, augmenter)
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), jit_compile=False)
    return model
