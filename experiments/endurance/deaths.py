"""Moments at which a process that writes files dies."""

from __future__ import annotations

import os
import pathlib
import signal
import stat
from typing import Any

import numpy as np

# What is done to a file before and after these calls is all that writing one consists of.
CALLS = ("fsync", "replace", "unlink")


class DeathWhileWriting:
    """Ends the process by SIGKILL at one of its calls that make a file safe.

    At the forcing of a file to the disk, the file may be cut first: its writing has then only got
    so far. At all calls it dies before or after them.

    Args:
        place: number of the call, from 0; None only counts them.
        seed: of the length that a cut file has, and of before or after.
    """

    def __init__(self, place: int | None, seed: int = 0) -> None:
        self.place = place
        self.count = 0
        self._generator = np.random.default_rng([seed, place or 0])

    def install(self) -> None:
        """Puts itself before the calls, until the process ends."""
        for name in CALLS:
            setattr(os, name, self._watched(getattr(os, name)))
        # `Path.unlink` and `Path.replace` take those of `os` when they are called.

    def _watched(self, call: Any) -> Any:
        def watched(*arguments: Any, **keywords: Any) -> Any:
            place, self.count = self.count, self.count + 1
            if place != self.place:
                return call(*arguments, **keywords)
            if self._generator.random() < 0.5:
                _cut(arguments[0], self._generator)
                _die()
            call(*arguments, **keywords)
            return _die()

        return watched


def _cut(file: Any, generator: np.random.Generator) -> None:
    """Shortens a file that is being written, given by its descriptor."""
    if isinstance(file, int):
        status = os.fstat(file)
        if stat.S_ISREG(status.st_mode):
            os.ftruncate(file, int(generator.integers(0, status.st_size + 1)))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def write_count(path: pathlib.Path, death: DeathWhileWriting) -> None:
    """Writes how many calls there were."""
    path.write_text(str(death.count))
