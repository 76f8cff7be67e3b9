"""A network that was found in a checkpoint."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np


@dataclasses.dataclass(frozen=True)
class Architecture:
    """What `build_encoder` needs to build a network.

    Attributes:
        name: a name that it knows.
        width: multiplier of all channel counts.
        stem: of a ResNet, a key of `STEMS`; `"auto"` for the others.
    """

    name: str
    width: float
    stem: str = "auto"


@dataclasses.dataclass(frozen=True, eq=False)
class FoundNetwork:
    """A network that was found in a checkpoint, in the terms of `build_encoder`.

    Attributes:
        architecture: what to build.
        image_size: height and width in pixels of the pictures that it is meant for.
        arrays: of each layer by our name, in the order and layout of Keras.
        names: the file's own names by our layers' names.
        prefix: what stands before the names in the file.
        left_out: why the rest of the file is left out, by name.
        mean: of the scaling of pictures, as fractions of 255; `None` where the network has its own.
        std: of the scaling of pictures, as for `mean`.
    """

    architecture: Architecture
    image_size: int
    arrays: Mapping[str, Sequence[np.ndarray]]
    names: Mapping[str, str]
    prefix: str
    left_out: Mapping[str, str]
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
