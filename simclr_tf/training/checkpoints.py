"""Checkpoints that restore a training to the bit."""

from __future__ import annotations

import io
import logging
import pathlib
import re
from typing import Any

import keras
import numpy as np

from simclr_tf.archives import read_arrays
from simclr_tf.checks import check_at_least
from simclr_tf.files import write_atomically

_ADDED = "added:"
# How many arrays there are: one that is missing would else pass for another model's checkpoint.
_COUNT = "count"
_NAME = re.compile(r"step_\d+\.npz")


class Checkpoints:
    """Saves and restores everything that decides how a training goes on.

    A checkpoint is one `.npz` file without pickled objects: every variable of the model
    (weights, random generators, metrics) and of its optimizer in order, and what the caller
    adds. It is written beside and renamed, so that an interrupted save leaves the last one good.

    Args:
        model: compiled model, built before `save` or `restore`.
        folder: existing folder of the checkpoints.
        keep: newest checkpoints to keep, at least 1; that of the best epoch is kept beside them.

    Raises:
        ValueError: if `keep` is below 1.
    """

    def __init__(self, model: keras.Model, folder: pathlib.Path, keep: int = 2) -> None:
        check_at_least("keep_checkpoints", keep, 1)
        self.model = model
        self.folder = folder
        self.keep = keep

    def save(
        self, step: int, added: dict[str, np.ndarray], best_step: int | None = None
    ) -> pathlib.Path:
        """Writes the state after `step` steps, and the `added` arrays; returns the file.

        Args:
            step: steps taken.
            added: what else to save, by name.
            best_step: the checkpoint after these steps is not deleted.

        Raises:
            OSError: if it cannot be written; the earlier checkpoints are then untouched.
        """
        values = [variable.numpy() for variable in self.variables()]
        arrays = {f"{place:05d}": value for place, value in enumerate(values)}
        arrays |= {_ADDED + name: array for name, array in added.items()}
        arrays[_COUNT] = np.int64(len(arrays))
        content = io.BytesIO()
        np.savez(content, **arrays)
        path = self.folder / f"step_{step:09d}.npz"
        write_atomically(path, content.getvalue())
        files = self.files()
        place = files.index(path)
        # A file of a later step was damaged: else the training would have gone on from there.
        for unused in files[: max(0, place + 1 - self.keep)] + files[place + 1 :]:
            if _step_of(unused) != best_step:
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
                arrays = _read(path)
            except (OSError, ValueError) as error:
                logging.warning("The checkpoint %s is damaged and passed over: %s", path, error)
                continue
            self._assign(path, arrays)
            return _step_of(path), {
                name.removeprefix(_ADDED): array
                for name, array in arrays.items()
                if name.startswith(_ADDED)
            }
        return None

    def files(self) -> list[pathlib.Path]:
        """Returns the checkpoint files, oldest first."""
        return sorted(path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))

    def variables(self) -> list[Any]:
        """Returns every variable of the model, its optimizer and its metrics, once each."""
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
        variables = self.variables()
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


def _read(path: pathlib.Path) -> dict[str, np.ndarray]:
    arrays = read_arrays(path)
    count = arrays.pop(_COUNT, None)
    if count is not None and count != len(arrays):
        raise ValueError(f"it holds {len(arrays)} arrays instead of {count}")
    return arrays


def _step_of(path: pathlib.Path) -> int:
    return int(path.stem.removeprefix("step_"))
