"""The numbered versions of a run."""

from __future__ import annotations

import os
import pathlib
import re


def list_versions(run_dir: str | os.PathLike[str]) -> list[pathlib.Path]:
    """Returns the folders version_0, version_1, ... of `run_dir`, oldest first."""
    folder = pathlib.Path(run_dir)
    if not folder.is_dir():
        return []
    versions = [
        path
        for path in folder.iterdir()
        if re.fullmatch(r"version_\d+", path.name) and path.is_dir()
    ]
    return sorted(versions, key=version_number)


def make_next_version(run_dir: str | os.PathLike[str]) -> pathlib.Path:
    """Makes and returns the next version's folder, which no other process gets as well.

    Args:
        run_dir: Folder of the run's versions; made where it does not exist.

    Returns:
        The empty folder `run_dir/version_N`.

    Raises:
        ValueError: If `run_dir` is a file or cannot be written.
    """
    folder = pathlib.Path(run_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        versions = list_versions(folder)
        number = version_number(versions[-1]) + 1 if versions else 0
        while True:
            try:
                path = folder / f"version_{number}"
                path.mkdir()
                return path
            except FileExistsError:
                # Another process was quicker: take the version after its own.
                number += 1
    except OSError as error:
        raise ValueError(
            f"`run_dir` must be a folder that can be written ({error.strerror}). "
            f"Received: run_dir={os.fspath(run_dir)!r}"
        ) from error


def version_number(path: pathlib.Path) -> int:
    """Returns N of the folder `version_N`."""
    return int(path.name.removeprefix("version_"))
