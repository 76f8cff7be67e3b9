"""What a checkpoint must hold, and how its network is built."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from simclr_tf.checks import check_at_least, check_one_of
from simclr_tf.encoders.resnet import RESNETS, STEMS

IMPORTABLE = (*RESNETS, "inception_resnet_v1")


@dataclasses.dataclass(frozen=True)
class ImportOptions:
    """What a checkpoint must hold, and how its network is built.

    Attributes:
        encoder: one of `IMPORTABLE` that the file must hold; `"auto"` takes what it holds.
        width: multiplier of the channels that the file must have; 0 takes what it has.
        stem: a key of `STEMS` that the file must have; `"auto"` takes what it has.
        image_size: height and width in pixels of the pictures that the encoder is meant for; 0
            takes 32 after a `"cifar"`, 64 after a `"strided"`, 224 after an `"imagenet"` stem, and
            160 for FaceNet.
        prefix: what stands before the names of the network, where the file holds several.
        mean: that the training of a ResNet subtracted, as fractions of 255; by default what a
            file of `write_torchvision` says, else ImageNet's.
        std: that it divided by, as for `mean`.
        mixed_precision: see `build_encoder`.

    Raises:
        ValueError: if an option is not accepted.
    """

    encoder: str = "auto"
    width: float = 0
    stem: str = "auto"
    image_size: int = 0
    prefix: str | None = None
    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None
    mixed_precision: str = "none"

    def __post_init__(self) -> None:
        check_one_of("encoder", self.encoder, ["auto", *IMPORTABLE])
        check_one_of("stem", self.stem, ["auto", *STEMS])
        check_at_least("width", self.width, 0)
        check_at_least("image_size", self.image_size, 0)
