"""Checkpoints that restore a training to the bit."""

from __future__ import annotations

import io
import logging
import lzma
import pathlib
import re
import zipfile
import zlib
from typing import Any

import keras
import numpy as np

from simclr_tf.files import write_atomically

_ADDED = "added:"
_NAME = re.compile(r"step_\d+\.npz")
# What reading raises, depending on the byte that is wrong.
_DAMAGE = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


class Checkpoints:
    """Saves and restores everything that decides how a training goes on.

    A checkpoint is one `.npz` file without pickled objects: every variable of the model
    (weights, random generators, metrics) and of its optimizer in order, and what the caller
    adds. It is written beside and renamed, so that an interrupted save leaves the last one good.

    Args:
        model: compiled model, built before `save` or `restore`.
        folder: existing folder of the checkpoints.
        keep: newest checkpoints to keep, at least 1.
    """

    def __init__(self, model: keras.Model, folder: pathlib.Path, keep: int = 2) -> None:
        self.model = model
        self.folder = folder
        self.keep = keep

    def save(self, step: int, added: dict[str, np.ndarray]) -> pathlib.Path:
        """Writes the state after `step` steps, and the `added` arrays; returns the file."""
        values = [variable.numpy() for variable in self._variables()]
        arrays = {f"{place:05d}": value for place, value in enumerate(values)}
        arrays |= {_ADDED + name: array for name, array in added.items()}
        content = io.BytesIO()
        np.savez(content, **arrays)
        path = self.folder / f"step_{step:09d}.npz"
        write_atomically(path, content.getvalue())
        files = self.files()
        place = files.index(path)
        # A file of a later step was damaged: else the training would have gone on from there.
        for unused in files[: max(0, place + 1 - self.keep)] + files[place + 1 :]:
            unused.unlink()
        return path

    def restore(self) -> tuple[int, dict[str, np.ndarray]] | None:
        """Puts the newest readable checkpoint back.

        Returns:
            Steps taken and the arrays added when saving, or `None` where there is no checkpoint.

        Raises:
            ValueError: if the checkpoint is of another model.
        """
        for path in reversed(self.files()):
            try:
                with open(path, "rb") as content, np.load(content, allow_pickle=False) as file:
                    arrays = {name: file[name] for name in file.files}
            except _DAMAGE as error:
                logging.warning("The checkpoint %s is damaged and passed over: %s", path, error)
                continue
            step = int(path.stem.removeprefix("step_"))
            self._assign(path, arrays)
            return step, {
                name.removeprefix(_ADDED): array
                for name, array in arrays.items()
                if name.startswith(_ADDED)
            }
        return None

    def files(self) -> list[pathlib.Path]:
        """Returns the checkpoint files, oldest first."""
        return sorted(path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))

    def _variables(self) -> list[Any]:
        # Keras's LossScaleOptimizer makes its variables anew whenever it is built.
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        # `metrics` resets the running means at an epoch's begin, so they are listed for a
        # training that stopped within one.
        listed = [*self.model.variables, *self.model.optimizer.variables]
        for metric in self.model.metrics:
            listed += metric.variables
        unique = {id(variable): variable for variable in listed}
        return list(unique.values())

    def _assign(self, path: pathlib.Path, arrays: dict[str, np.ndarray]) -> None:
        variables = self._variables()
        saved = [arrays[name] for name in sorted(arrays) if not name.startswith(_ADDED)]
        shapes = [tuple(array.shape) for array in saved]
        expected = [tuple(variable.shape) for variable in variables]
        if shapes != expected:
            raise ValueError(
                f"The checkpoint {path} is of another model or optimizer: it holds "
                f"{len(shapes)} arrays, this one has {len(expected)} variables, or their shapes "
                "differ. Resume with the flags that the run was started with."
            )
        for variable, array in zip(variables, saved, strict=True):
            variable.assign(array)
