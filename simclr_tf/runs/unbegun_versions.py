"""Versions whose process was killed before it had written their config.json."""

from __future__ import annotations

import contextlib
import os

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
        if (version / CONFIG).is_file() or not any(version.glob(".*.tmp")):
            continue
        with contextlib.suppress(ValueError):  # Locked: a process is writing it at this moment.
            lock = lock_folder(version)
            try:
                remove_unfinished(version)
            finally:
                os.close(lock)
