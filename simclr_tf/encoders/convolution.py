"""Convolution whose gradient is fast on the CPU where the maps are small."""

from __future__ import annotations

import keras
import tensorflow as tf

# Where the products below beat TensorFlow's filter gradient, measured on a CPU with AVX512-BF16:
# at 3×3 to 6×6 pixels and 32 to 512 channels they take 25 to 87 % of its time, at 8×8 and 64
# channels as long; in float32 they gain nothing at stride 1. Fewer channels: not measured.
MOST_PIXELS = 36
FEWEST_CHANNELS = 32


@keras.saving.register_keras_serializable(package="simclr_tf")
class Convolution(keras.layers.Conv2D):
    """Keras's `Conv2D` with another program for the gradient of small maps on the CPU.

    Weights, their names, arguments and results are those of Keras's layer. TensorFlow's filter
    gradient is slow on the CPU in bfloat16 where maps are small and channels many; there, in
    training, it is computed as one matrix product for each position of the kernel. That holds for
    3×3 kernels, stride 1 or (padding `"valid"`) 2, at most 36 output pixels and at least 32 input
    channels; everything else, inference and every accelerator go through Keras's own program.

    Args:
        *args: arguments of `keras.layers.Conv2D`.
        **kwargs: further arguments of `keras.layers.Conv2D`.

    Input shape:
        `[batch, height, width, channels]`.

    Output shape:
        `[batch, new_height, new_width, filters]`.

    Example:
        >>> activations = Convolution(64, 3, padding="same")(pictures, training=True)
    """

    def call(self, inputs, training=None):
        if not (training and self._has_small_maps(inputs)):
            return super().call(inputs)
        stride, padding = self.strides[0], self.padding.upper()
        outputs = _convolution(inputs, tf.convert_to_tensor(self.kernel), stride, padding)
        if self.use_bias:
            outputs += tf.convert_to_tensor(self.bias)
        return self.activation(outputs)

    def _has_small_maps(self, inputs) -> bool:
        as_measured = (
            self.kernel_size == (3, 3)
            and (self.strides == (1, 1) or (self.strides == (2, 2) and self.padding == "valid"))
            and self.dilation_rate == (1, 1)
            and self.groups == 1
            and self.data_format == "channels_last"
            and self.compute_dtype == "bfloat16"
        )
        if not as_measured or None in inputs.shape[1:] or inputs.shape[-1] < FEWEST_CHANNELS:
            return False
        _, height, width, _ = self.compute_output_shape(inputs.shape)
        devices = {device.device_type for device in tf.config.list_logical_devices()}
        return height * width <= MOST_PIXELS and devices == {"CPU"}


def _convolution(inputs, kernel, stride, padding):
    """`tf.nn.conv2d` with `_kernel_gradient` as the gradient of its 3×3 kernel."""

    @tf.custom_gradient
    def program(inputs, kernel):
        def gradients(upstream):
            to_inputs = tf.raw_ops.Conv2DBackpropInput(
                input_sizes=tf.shape(inputs),
                filter=kernel,
                out_backprop=upstream,
                strides=[1, stride, stride, 1],
                padding=padding,
            )
            return to_inputs, _kernel_gradient(inputs, upstream, stride, padding)

        return tf.nn.conv2d(inputs, kernel, stride, padding), gradients

    return program(inputs, kernel)


def _kernel_gradient(inputs, upstream, stride, padding):
    """For each position of the kernel, the pixels that it saw times the gradient there.

    Args:
        inputs: `[batch, height, width, channels]`.
        upstream: gradient of the output, `[batch, new_height, new_width, filters]`.
        stride: 1 or 2.
        padding: `"SAME"` (stride 1) or `"VALID"`.

    Returns:
        `[3, 3, channels, filters]`.
    """
    old, new = inputs.shape[1:3], upstream.shape[1:3]
    channels, filters = inputs.shape[-1], upstream.shape[-1]
    before = 1 if padding == "SAME" else 0
    if stride > 1:
        # A slice with strides is slow; in blocks it is a range of channels.
        inputs = tf.pad(inputs, [[0, 0], [0, -old[0] % stride], [0, -old[1] % stride], [0, 0]])
        inputs = tf.nn.space_to_depth(inputs, stride)
    products = []
    for row in range(3):
        rows, seen_rows, block_row = _overlap(old[0], new[0], row - before, stride)
        for column in range(3):
            columns, seen_columns, block_column = _overlap(old[1], new[1], column - before, stride)
            first = (block_row * stride + block_column) * channels
            seen = inputs[:, seen_rows, seen_columns, first : first + channels]
            there = upstream[:, rows, columns]
            products.append(
                tf.matmul(
                    tf.reshape(seen, [-1, channels]),
                    tf.reshape(there, [-1, filters]),
                    transpose_a=True,
                )
            )
    return tf.reshape(tf.stack(products), [3, 3, channels, filters])


def _overlap(old: int, new: int, shift: int, stride: int) -> tuple[slice, slice, int]:
    """Outputs `o < new` whose pixel `stride * o + shift` is one of `old`, not padding.

    Returns:
        These outputs, the blocks of `stride` pixels that theirs lie in, and where in the block.
    """
    first = max(0, -(shift // stride))
    last = max(first, min(new, (old - 1 - shift) // stride + 1))
    block, position = divmod(shift, stride)
    return slice(first, last), slice(first + block, last + block), position
