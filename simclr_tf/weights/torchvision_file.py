"""Write an encoder's weights for PyTorch, under torchvision's names."""

from __future__ import annotations

import os

import keras
import numpy as np
from safetensors.numpy import save

from simclr_tf.encoders import RESNETS, PictureScaling
from simclr_tf.files import write_atomically
from simclr_tf.weights.torchvision_names import torchvision_name

_BATCH_NORM = ("weight", "bias", "running_mean", "running_var")


def write_torchvision(encoder: keras.Model, path: str | os.PathLike[str]) -> None:
    """Writes a ResNet to a `.safetensors` file that torchvision's class loads.

    The file's metadata say which network it is and how pictures are scaled before it. There is no
    classifier: give the class an identity for `fc`.

    Args:
        encoder: a ResNet of `build_encoder`.
        path: file to write.

    Raises:
        ValueError: if the encoder is no ResNet with batch normalisation.

    Example:
        >>> write_torchvision(encoder, "encoder.safetensors")
        >>> # In PyTorch:
        >>> network = torchvision.models.resnet18()
        >>> network.fc = torch.nn.Identity()
        >>> network.load_state_dict(safetensors.torch.load_file("encoder.safetensors"))
    """
    arrays = torchvision_arrays(encoder)
    scaling = next(layer for layer in encoder.layers if isinstance(layer, PictureScaling))
    metadata = {
        "format": "pt",
        "architecture": encoder.name,
        "image_size": str(scaling.image_size),
        "mean": ",".join(map(str, scaling.mean)),
        "std": ",".join(map(str, scaling.std)),
    }
    write_atomically(path, save(arrays, metadata))


def torchvision_arrays(encoder: keras.Model) -> dict[str, np.ndarray]:
    """Returns the weights of a ResNet by torchvision's names, in the layout of PyTorch.

    Raises:
        ValueError: if the encoder is no ResNet with batch normalisation, or its stem pools as
            torchvision's does not.
    """
    if encoder.name not in RESNETS:
        raise ValueError(
            f"`encoder` must be one of: {', '.join(RESNETS)}, to be written under torchvision's "
            f"names. Received: encoder={encoder.name!r}"
        )
    if any(isinstance(layer, keras.layers.GroupNormalization) for layer in encoder.layers):
        raise ValueError(
            "`encoder` must have batch normalisation, to be written under torchvision's names. "
            f"Received: {encoder.name!r} with group normalisation"
        )
    pools = [layer for layer in encoder.layers if isinstance(layer, keras.layers.MaxPooling2D)]
    if any(pool.padding == "same" for pool in pools):
        raise ValueError(
            "`encoder` must pool its stem as torchvision does, to be written under its names. "
            f"Received: {encoder.name!r} with the stem imagenet_same"
        )
    arrays: dict[str, np.ndarray] = {}
    for layer in encoder.layers:
        name = torchvision_name(layer.name)
        if isinstance(layer, keras.layers.Conv2D):
            kernel = layer.get_weights()[0]
            # [height, width, in, out] to [out, in, height, width].
            arrays[f"{name}.weight"] = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
        elif isinstance(layer, keras.layers.BatchNormalization):
            parts = zip(_BATCH_NORM, layer.get_weights(), strict=True)
            arrays |= {f"{name}.{part}": value for part, value in parts}
            arrays[f"{name}.num_batches_tracked"] = np.zeros((), np.int64)
    return arrays
