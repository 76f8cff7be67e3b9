"""An encoder with the first layers of its projection head."""

from __future__ import annotations

import os

import keras

from simclr_tf.checks import check_between
from simclr_tf.encoders.find import find_projection_head
from simclr_tf.encoders.load import load_encoder, load_keras_model


def add_head_layers(encoder: keras.Model, head: keras.Model, count: int) -> keras.Model:
    """Returns a network that ends in the middle of a projection head.

    Layer n of the head is its n-th dense layer with the normalisation and the ReLU after it.

    Args:
        encoder: from pictures to features `[batch, d]`; its layers are shared.
        head: of `build_projection_head`; its layers are shared too.
        count: layers of the head, at least 1 and at most all of them.

    Returns:
        `keras.Model` from pictures to float32 `[batch, size of that layer]`, by the encoder's name.

    Raises:
        ValueError: if the head has fewer layers.

    Reference:
        Chen et al. 2020, "Big Self-Supervised Models are Strong Semi-Supervised Learners" (SimCLR
        v2), section 2: fine-tuned from the first of three layers with few labels.
    """
    dense = [n for n, layer in enumerate(head.layers) if isinstance(layer, keras.layers.Dense)]
    check_between("from_head_layer", count, 1, len(dense))
    end = [*dense, len(head.layers)][count]
    x = inputs = keras.Input(head.input_shape[1:])
    for layer in head.layers[:end]:
        x = layer(x)
    x = keras.layers.Activation("linear", dtype="float32", name="head_features")(x)
    # A model of its own: the layers of both may have the same names.
    layers = keras.Model(inputs, x, name="head_layers")
    return keras.Model(encoder.input, layers(encoder.output), name=encoder.name)


def load_encoder_with_head(encoder_dir: str | os.PathLike[str], count: int) -> keras.Model:
    """Loads a pretrained encoder with the first `count` layers of its projection head.

    Args:
        encoder_dir: see `find_projection_head`.
        count: see `add_head_layers`.

    Raises:
        ValueError: if there is no such encoder or no head beside it, or it has fewer layers.
    """
    head = load_keras_model(find_projection_head(encoder_dir))
    return add_head_layers(load_encoder(encoder_dir), head, count)
