"""Batch normalisation over the pictures of all replicas, on TensorFlow's fused kernels."""

from __future__ import annotations

import tensorflow as tf

from simclr_tf.distribution.replicas import replica_count, sum_over_replicas
from simclr_tf.fusion import fused


def normalize_over_replicas(
    inputs: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, centre: tf.Tensor, epsilon: float
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Normalises by the statistics of all replicas, with one exchange forward and one back.

    Each of them sends two numbers a channel: forward the moments of its pictures, back the sums of
    the gradient and of its product with the normalised pictures. The rest is the kernel that one
    device runs, but for what flows back through the statistics: that is added in float32.

    Args:
        inputs: `[batch, height, width, channels]`, float32, bfloat16 or float16; the same shape
            on all replicas.
        scale: γ, float32 `[channels]`.
        offset: β, float32 `[channels]`.
        centre: float32 `[channels]` near the mean, which the squares are taken from: they lose
            few digits when that of the mean is taken off them.
        epsilon: added to the variance.

    Returns:
        Normalised inputs, of their type; mean and biased variance over all replicas, float32
        `[channels]`, which no gradient flows through.

    Reference:
        Ioffe and Szegedy 2015, "Batch Normalization", section 3 (the gradients).
    """

    @tf.custom_gradient
    def normalize(x, gamma, beta):
        mean, variance = _moments(x, centre, epsilon)
        y = _transform(x, gamma, beta, mean, variance, epsilon)

        def gradients(dy, *_):
            return _gradients(dy, x, gamma, mean, variance, epsilon)

        return (y, mean, variance), gradients

    return normalize(inputs, scale, offset)


def bias_of_variance(inputs: tf.Tensor) -> tf.Tensor:
    """Returns (n − 1) / n, by which the kernel's variance of n values a channel is too large."""
    count = tf.cast(tf.size(inputs, tf.int64) / inputs.shape[-1], tf.float32)
    return (count - 1.0) / count


def _moments(x, centre, epsilon):
    channels = x.shape[-1]
    ones, zeros, none = tf.ones([channels]), tf.zeros([channels]), tf.zeros([0])
    _, own_mean, own_variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=x, scale=ones, offset=zeros, mean=none, variance=none, epsilon=epsilon, is_training=True
    )
    own_shift = own_mean - centre
    own_squares = own_variance * bias_of_variance(x) + own_shift**2
    sums = sum_over_replicas(tf.stack([own_shift, own_squares]))
    shift, squares = tf.unstack(sums / replica_count())
    return centre + shift, tf.maximum(squares - shift**2, 0.0)


def _transform(x, scale, offset, mean, variance, epsilon):
    return tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=scale,
        offset=offset,
        mean=mean,
        variance=variance,
        epsilon=epsilon,
        is_training=False,
    )[0]


def _gradients(dy, x, scale, mean, variance, epsilon):
    # What the statistics would get if they were constants, and this replica's part of the sums.
    dx, dscale, doffset, *_ = tf.raw_ops.FusedBatchNormGradV3(
        y_backprop=dy,
        x=x,
        scale=scale,
        reserve_space_1=mean,
        reserve_space_2=variance,
        reserve_space_3=tf.zeros([0]),
        epsilon=epsilon,
        is_training=False,
    )
    products, sums = tf.unstack(sum_over_replicas(tf.stack([dscale, doffset])))
    count = tf.cast(tf.size(x, tf.int64) / x.shape[-1], tf.float32) * replica_count()
    # Through mean and variance: an affine map of the normalised pictures.
    deviation = tf.math.rsqrt(variance + epsilon)
    factor = -scale * deviation / count
    slope = factor * products * deviation
    return _add_affine(dx, x, mean, slope, factor * sums), dscale, doffset


def _add_affine(dx, x, mean, slope, offset):
    """Returns `dx + slope * (x - mean) + offset`; mean, slope and offset are the channel's."""
    # In rows of pixels, not of channels: of these there are too few for the processor's vectors.
    width = x.shape[2] or 1
    rows = [-1, width * x.shape[3]]
    parts = (tf.reshape(dx, rows), tf.reshape(x, rows))
    total = _summed(*parts, *(tf.tile(part, [width]) for part in (mean, slope, offset)))
    return tf.reshape(total, tf.shape(x))


@fused
def _summed(dx, x, mean, slope, offset):
    # The mean first: it may be far larger than what is left.
    whole = tf.cast(dx, tf.float32) + (tf.cast(x, tf.float32) - mean) * slope + offset
    return tf.cast(whole, dx.dtype)
