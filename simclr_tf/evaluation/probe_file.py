"""A linear probe in a file, so that others can use it."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from simclr_tf.archives import DAMAGED_FILE_ERRORS, read_arrays
from simclr_tf.evaluation.linear_probe import LinearProbe
from simclr_tf.files import written_beside

_ARRAYS = ("classes", "mean", "scale", "weights", "bias")


@dataclasses.dataclass(frozen=True, eq=False)
class SavedProbe:
    """What the file of a linear probe holds.

    Attributes:
        probe: The probe; of its validation only the figure at the chosen penalty is kept.
        class_names: Label i is `class_names[i]`.
        encoder: `encoder_fingerprint` of the encoder whose features it takes.
    """

    probe: LinearProbe
    class_names: tuple[str, ...]
    encoder: str


def write_probe(
    path: str | os.PathLike[str], probe: LinearProbe, class_names: Sequence[str], encoder: str
) -> None:
    """Writes a linear probe to the `.npz` file `path`; see `SavedProbe` for the arguments."""
    with written_beside(path) as file:
        np.savez(
            file,
            **{name: getattr(probe, name) for name in _ARRAYS},
            regularisation=probe.regularisation,
            validation_accuracy=probe.validation_accuracy,
            class_names=np.array(class_names, np.str_),
            encoder=np.array(encoder),
        )


def read_probe(path: str | os.PathLike[str]) -> SavedProbe:
    """Reads the file that `write_probe` wrote; nothing in it is executed.

    Raises:
        ValueError: The file does not exist or is of another kind.
    """
    path = pathlib.Path(path).expanduser()
    try:
        arrays = read_arrays(path)
        fitted: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
        probe = LinearProbe(
            **fitted,
            regularisation=float(arrays["regularisation"]),
            validation_accuracy=float(arrays["validation_accuracy"]),
        )
        return SavedProbe(probe, tuple(map(str, arrays["class_names"])), str(arrays["encoder"]))
    except (OSError, *DAMAGED_FILE_ERRORS) as error:
        raise ValueError(
            "`probe` must be a file linear_probe.npz that linear_probe.py wrote. "
            f"Received: {os.fspath(path)!r} ({type(error).__name__})"
        ) from error
