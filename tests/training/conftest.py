import keras
import numpy as np
import pytest

from simclr_tf.augment import Augmenter, RandomFlip, RandomGaussianNoise
from simclr_tf.encoders import FusedBatchNormalization, build_projection_head
from simclr_tf.training import SimCLR


def make_encoder(mixed_precision="none", batch_normalization=True):
    """One convolution and its normalisation: quick to trace."""
    dtype = "float32" if mixed_precision == "none" else f"mixed_{mixed_precision}"
    layers = [
        keras.Input((8, 8, 3)),
        keras.layers.Rescaling(1 / 127.5, -1.0, dtype=dtype),
        keras.layers.Conv2D(6, 3, strides=2, use_bias=False, dtype=dtype),
    ]
    if batch_normalization:
        layers.append(FusedBatchNormalization(dtype=dtype))
    layers += [keras.layers.ReLU(dtype=dtype), keras.layers.Flatten(dtype="float32")]
    return keras.Sequential(layers)


def make_augmenter(seed=3):
    return Augmenter([RandomFlip(), RandomGaussianNoise((0.0, 20.0), probability=0.8)], seed=seed)


def make_simclr(seed=0, num_classes=3, mixed_precision="none", **kwargs):
    """A SimCLR model of pictures `[8, 8, 3]`, built and not yet compiled."""
    keras.utils.set_random_seed(seed)
    encoder = make_encoder(mixed_precision)
    head = build_projection_head(
        encoder.output_shape[-1], hidden=16, output=8, mixed_precision=mixed_precision
    )
    model = SimCLR(encoder, head, make_augmenter(seed), num_classes=num_classes, **kwargs)
    model.build((None, 8, 8, 3))
    return model


def make_pictures(count=32, num_classes=3, seed=0):
    """Pictures whose colour tells the class: uint8 `[count, 8, 8, 3]`, int32 `[count]`."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count, dtype="int32") % num_classes
    colours = generator.integers(40, 216, (num_classes, 3))
    noise = generator.integers(-40, 40, (count, 8, 8, 3))
    return np.clip(colours[labels][:, None, None] + noise, 0, 255).astype("uint8"), labels


@pytest.fixture(scope="module")
def pictures():
    return make_pictures()
