"""A network of `build_encoder` with published weights as the source of an encoder."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pathlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

DOWNLOADED = "imagenet"


@dataclasses.dataclass(frozen=True)
class BuiltEncoder:
    """A network with the weights of a Keras file, or with those that Keras downloads.

    Args:
        network: A name that `build_encoder` knows.
        weights: A file, see `load_weights_by_layer_name`, or `"imagenet"`.

    Raises:
        ValueError: `weights` is neither.
    """

    network: str
    weights: str
    # Enough for ImageNet's weights, at a third of the work of the 224 pixels they were made with.
    default_image_size = 128

    def __post_init__(self) -> None:
        if self.weights != DOWNLOADED:
            object.__setattr__(self, "weights", os.path.expanduser(self.weights))
            if not os.path.isfile(self.weights):
                raise ValueError(
                    "`weights` must be imagenet or a file that exists. "
                    f"Received: weights={self.weights!r}"
                )

    def fingerprint(self) -> str:
        """Returns a hexadecimal digest of the network's name and its weights."""
        weights = self.weights.encode()
        if self.weights != DOWNLOADED:
            weights = pathlib.Path(self.weights).read_bytes()
        digest = hashlib.sha256(weights).hexdigest()
        return hashlib.sha256(f"{self.network} {digest}".encode()).hexdigest()

    def image_size(self) -> None:
        """Returns None: a convolutional network takes any size."""

    def description(self) -> dict[str, Any]:
        """See `EncoderSource`."""
        return {"kind": "network", **dataclasses.asdict(self)}

    def load(self) -> keras.Model:
        """See `build_encoder`."""
        from simclr_tf.encoders.build import build_encoder

        return build_encoder(self.network, image_size=self.default_image_size, weights=self.weights)
