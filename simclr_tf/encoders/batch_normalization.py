"""Batch normalisation on TensorFlow's fused kernel."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.distribution.replicas import replica_count
from simclr_tf.encoders.batch_norm_over_replicas import bias_of_variance, normalize_over_replicas


@keras.saving.register_keras_serializable(package="simclr_tf")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras's `BatchNormalization` over the last axis of pictures, in one fused operation.

    Weights, their names, arguments and results are those of Keras's layer; only the program
    differs: Keras computes mean, variance and normalisation as separate operations, TensorFlow's
    kernel does all of it at once, with float32 statistics and activations of any float type.
    Where several replicas train together the statistics are taken over all of them, with one
    exchange of two numbers a channel forward and one back (Keras's own program needs three each
    way), also for inputs `[batch, channels]`. Those of one replica, and inputs of another rank or
    axis, go through Keras's program.

    Args:
        momentum: share of the old moving statistics kept at each step.
        epsilon: added to the variance.
        synchronized: statistics over all replicas; Keras's default is `False`, this one's `True`,
            since statistics of one replica alone let a contrastive model tell which pictures
            share it.
        **kwargs: further arguments of `keras.layers.BatchNormalization`.

    Input shape:
        `[batch, height, width, channels]` or `[batch, channels]`.

    Output shape:
        Same as the input.

    Example:
        >>> normalized = FusedBatchNormalization()(activations, training=True)
    """

    def __init__(
        self, momentum: float = 0.9, epsilon: float = 1e-5, synchronized: bool = True, **kwargs
    ) -> None:
        super().__init__(momentum=momentum, epsilon=epsilon, synchronized=synchronized, **kwargs)

    def call(self, inputs, training=None, mask=None):
        training = bool(training) and self.trainable
        rank = len(inputs.shape)
        if mask is not None or rank not in (2, 4) or self.axis % rank != rank - 1:
            return super().call(inputs, training=training, mask=mask)
        over_replicas = training and self.synchronized and replica_count() > 1
        if rank == 2:
            if not over_replicas:
                return super().call(inputs, training=training)
            return self._normalize_over_replicas(inputs[:, None, None])[:, 0, 0]
        if over_replicas:
            return self._normalize_over_replicas(inputs)
        batch_statistics = {}
        if not training:
            batch_statistics = {"mean": self.moving_mean, "variance": self.moving_variance}
        channels = inputs.shape[-1]
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self._or_constant("gamma", 1.0, channels),
            offset=self._or_constant("beta", 0.0, channels),
            mean=batch_statistics.get("mean", tf.zeros([0])),
            variance=batch_statistics.get("variance", tf.zeros([0])),
            epsilon=self.epsilon,
            is_training=training,
        )
        if training:
            # The kernel returns the unbiased variance (n / (n - 1)), Keras keeps the biased one.
            self._update_moving_statistics(mean, variance * bias_of_variance(inputs))
        return outputs

    def _normalize_over_replicas(self, inputs):
        channels = inputs.shape[-1]
        outputs, mean, variance = normalize_over_replicas(
            inputs,
            self._or_constant("gamma", 1.0, channels),
            self._or_constant("beta", 0.0, channels),
            tf.convert_to_tensor(self.moving_mean),
            self.epsilon,
        )
        self._update_moving_statistics(mean, variance)
        return outputs

    def _or_constant(self, name: str, value: float, channels: int) -> tf.Tensor:
        weight = getattr(self, name)
        return tf.fill([channels], value) if weight is None else tf.convert_to_tensor(weight)

    def _update_moving_statistics(self, mean, variance):
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + new * (1.0 - self.momentum))
