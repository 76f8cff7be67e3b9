"""Batch normalisation of a frozen network as part of the convolutions before it."""

from __future__ import annotations

import collections
from collections.abc import Iterator

import keras
import numpy as np


def fold_batch_norm(encoder: keras.Model) -> keras.Model:
    """Returns a copy for inference whose convolutions do the batch normalisation that follows them.

    With moving statistics γ (W * x − μ) / √(σ² + ε) + β is a convolution itself, with the kernel
    W γ / √(σ² + ε) and the bias β − μ γ / √(σ² + ε). TensorFlow computes a bias, and a ReLU after
    it, within the convolution: three passes over the activations become one. Features are those of
    the encoder but for rounding.

    Args:
        encoder: Functional or sequential model from pictures to features. A convolution with an
            activation of its own, or that something else uses as well, stays as it is.

    Returns:
        A model of its own with the weights as they are now; `encoder` itself where there is
        nothing to fold.
    """
    pairs = list(_pairs(encoder))
    if not pairs:
        return encoder
    convolutions = {convolution.name for convolution, _ in pairs}
    normalizations = {normalization.name for _, normalization in pairs}

    def copy_of(layer: keras.layers.Layer) -> keras.layers.Layer:
        if layer.name in convolutions:
            # Drawing weights that are replaced would take longer than all the rest.
            changed = {"use_bias": True, "kernel_initializer": "zeros"}
            return keras.layers.Conv2D.from_config({**layer.get_config(), **changed})
        return type(layer).from_config(layer.get_config())

    def call(layer: keras.layers.Layer, inputs, *arguments, **named):
        if layer.name in normalizations:
            return inputs
        if layer.name in convolutions:
            return layer(inputs)
        return layer(inputs, *arguments, **named)

    graph = encoder
    if isinstance(encoder, keras.Sequential):
        # Of its copy Keras lets nobody say how the layers are called.
        graph = keras.Model(encoder.inputs[0], encoder.outputs[0])
    copy = keras.models.clone_model(graph, clone_function=copy_of, call_function=call)
    for layer in encoder.layers:
        if layer.name not in convolutions | normalizations:
            copy.get_layer(layer.name).set_weights(layer.get_weights())
    for convolution, normalization in pairs:
        copy.get_layer(convolution.name).set_weights(_folded(convolution, normalization))
    return copy


def _pairs(
    encoder: keras.Model,
) -> Iterator[tuple[keras.layers.Conv2D, keras.layers.BatchNormalization]]:
    """Yields convolutions whose one user is a batch normalisation, and that."""
    if not getattr(encoder, "inputs", None):
        return
    makers = {}
    uses: collections.Counter[int] = collections.Counter(map(id, encoder.outputs))
    for layer in encoder.layers:
        if len(keras.tree.flatten(layer.output)) == 1:
            makers[id(layer.output)] = layer
        if not isinstance(layer, keras.layers.InputLayer):
            uses.update(map(id, keras.tree.flatten(layer.input)))
    for layer in encoder.layers:
        if isinstance(layer, keras.layers.BatchNormalization) and layer.axis in (-1, 3):
            maker = makers.get(id(layer.input))
            if _is_linear_convolution(maker) and uses[id(layer.input)] == 1:
                yield maker, layer


def _is_linear_convolution(layer: keras.layers.Layer | None) -> bool:
    return (
        isinstance(layer, keras.layers.Conv2D)
        and layer.activation is keras.activations.linear
        and layer.data_format == "channels_last"
    )


def _folded(
    convolution: keras.layers.Conv2D, normalization: keras.layers.BatchNormalization
) -> list[np.ndarray]:
    factor = 1.0 / np.sqrt(_value(normalization.moving_variance) + normalization.epsilon)
    if normalization.scale:
        factor = factor * _value(normalization.gamma)
    bias = -_value(normalization.moving_mean)
    if convolution.use_bias:
        bias = bias + _value(convolution.bias)
    bias = bias * factor
    if normalization.center:
        bias = bias + _value(normalization.beta)
    return [_value(convolution.kernel) * factor, bias]


def _value(weight: keras.Variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(weight)
