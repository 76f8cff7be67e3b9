"""How pictures come to a model that does not scale them itself: plain values."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_one_of

# Of pictures 0..255; "auto" leaves it to the model where its input is whole numbers.
SCALINGS = ("auto", "none", "zero_to_one", "minus_one_to_one", "facenet", "imagenet", "caffe")


@dataclasses.dataclass(frozen=True)
class FrozenOptions:
    """What a model file does not tell of itself.

    Attributes:
        scaling: auto (of uint8 models and .keras files), none, zero_to_one, minus_one_to_one, facenet (x - 127.5) / 128, imagenet or caffe.
        output: name of the model's output that is the embedding, where it has several.

    Raises:
        ValueError: A value is not accepted.
    """  # noqa: E501 (a flag's help is one line)

    scaling: str = "auto"
    output: str = ""

    def __post_init__(self) -> None:
        check_one_of("frozen_scaling", self.scaling, SCALINGS)
