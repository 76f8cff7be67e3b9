"""Batch normalisation on TensorFlow's fused kernel."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.distribution.replicas import replica_count, sum_over_replicas


@keras.saving.register_keras_serializable(package="simclr_tf")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras's `BatchNormalization` over the last axis of pictures, in one fused operation.

    Weights, their names, arguments and results are those of Keras's layer; only the program
    differs: Keras computes mean, variance and normalisation as separate operations, TensorFlow's
    kernel does all of it at once, with float32 statistics and activations of any float type.
    Where several replicas train together the statistics are taken over all of them, with one
    exchange of two numbers a channel (Keras's own program needs three). Inputs of another rank or
    axis go through Keras's program.

    Args:
        momentum: share of the old moving statistics kept at each step.
        epsilon: added to the variance.
        synchronized: statistics over all replicas; Keras's default is `False`, this one's `True`,
            since statistics of one replica alone let a contrastive model tell which pictures
            share it.
        **kwargs: further arguments of `keras.layers.BatchNormalization`.

    Input shape:
        `[batch, height, width, channels]`.

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
        of_pictures = len(inputs.shape) == 4 and self.axis in (-1, 3)
        if mask is not None or not of_pictures:
            return super().call(inputs, training=training, mask=mask)
        training = bool(training) and self.trainable
        if training and self.synchronized and replica_count() > 1:
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
            count = tf.cast(tf.size(inputs, tf.int64) / inputs.shape[-1], tf.float32)
            self._update_moving_statistics(mean, variance * (count - 1.0) / count)
        return outputs

    def _normalize_over_replicas(self, inputs):
        activations = tf.cast(inputs, tf.float32)
        # Taken from the moving mean, the squares lose few digits when the mean is taken off them.
        centre = tf.stop_gradient(tf.convert_to_tensor(self.moving_mean))
        deviations = activations - centre
        moments = [tf.reduce_mean(power, axis=[0, 1, 2]) for power in (deviations, deviations**2)]
        shift, squares = tf.unstack(sum_over_replicas(tf.stack(moments)) / replica_count())
        mean, variance = centre + shift, tf.maximum(squares - shift**2, 0.0)
        channels = inputs.shape[-1]
        outputs = tf.nn.batch_normalization(
            activations,
            mean,
            variance,
            offset=self._or_constant("beta", 0.0, channels),
            scale=self._or_constant("gamma", 1.0, channels),
            variance_epsilon=self.epsilon,
        )
        self._update_moving_statistics(mean, variance)
        return tf.cast(outputs, inputs.dtype)

    def _or_constant(self, name: str, value: float, channels: int) -> tf.Tensor:
        weight = getattr(self, name)
        return tf.fill([channels], value) if weight is None else tf.convert_to_tensor(weight)

    def _update_moving_statistics(self, mean, variance):
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + new * (1.0 - self.momentum))
