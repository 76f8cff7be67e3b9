"""Convolution whose gradient is fast on the CPU where the maps are small."""

from __future__ import annotations

import keras
import tensorflow as tf

# Output pixels up to which the products below beat TensorFlow's filter gradient (measured at 3×3
# pixels to 16×16, 16 to 512 channels): at 6×6 still well faster, at 8×8 no more.
MOST_PIXELS = 36
FEWEST_CHANNELS = 32


@keras.saving.register_keras_serializable(package="simclr_tf")
class Convolution(keras.layers.Conv2D):
    """Keras's `Conv2D` with another program for the gradient of small maps on the CPU.

    Weights, their names, arguments and results are those of Keras's layer. TensorFlow's filter
    gradient is slow on the CPU where maps are small and channels many; there, in training, the
    gradient is computed as one matrix product for each position of the kernel. That holds for
    3×3 kernels, float32 and bfloat16, stride 1 or (padding `"valid"`) 2, at most 36 output pixels
    and at least 32 input channels; everything else, inference and every accelerator go through
    Keras's own program.

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
            and self.compute_dtype in ("float32", "bfloat16")
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
    height, width, filters = upstream.shape[1:]
    channels = inputs.shape[-1]
    before = 1 if padding == "SAME" else 0
    # What every position needs, rounded up to whole strides.
    sizes = [stride * (-(-(stride * (size - 1) + 3) // stride)) for size in (height, width)]
    after = [size - before - old for size, old in zip(sizes, inputs.shape[1:3], strict=True)]
    inputs = inputs[:, : sizes[0] - before, : sizes[1] - before]
    x = tf.pad(inputs, [[0, 0], *([before, max(0, extra)] for extra in after), [0, 0]])
    if stride > 1:
        # A slice with strides is slow; here it is a range of channels.
        x = tf.nn.space_to_depth(x, stride)
    upstream = tf.reshape(upstream, [-1, filters])
    products = []
    for row in range(3):
        for column in range(3):
            (down, block_row), (right, block_column) = divmod(row, stride), divmod(column, stride)
            first = (block_row * stride + block_column) * channels
            seen = x[:, down : down + height, right : right + width, first : first + channels]
            products.append(tf.matmul(tf.reshape(seen, [-1, channels]), upstream, transpose_a=True))
    return tf.reshape(tf.stack(products), [3, 3, channels, filters])
