"""Versions whose process was killed before it had written their config.json."""

from __future__ import annotations

import contextlib
import os
import pathlib

from simclr_tf.files import remove_unfinished
from simclr_tf.runs.configs import CONFIG
from simclr_tf.runs.locks import lock_folder
from simclr_tf.runs.versions import list_versions


def clear_unbegun(run_dir: str | os.PathLike[str]) -> None:
    """Removes the unfinished files of versions that never began; their numbers stay taken.

    Args:
        run_dir: Folder of the run's versions.
    """
    for version in list_versions(run_dir):
        # Locked, so that a process is writing it at this moment, or not ours: leave it alone.
        with contextlib.suppress(ValueError, OSError):
            _clear(version)


def _clear(version: pathlib.Path) -> None:
    if (version / CONFIG).is_file() or not any(version.glob(".*.tmp")):
        return
    lock = lock_folder(version)
    try:
        remove_unfinished(version)
    finally:
        os.close(lock)
