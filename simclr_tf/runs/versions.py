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


def find_version(run_dir: str | os.PathLike[str], number: int | None = None) -> pathlib.Path:
    """Returns the folder `run_dir/version_{number}`, the newest one where no number is given.

    Raises:
        ValueError: If there is none; the message lists those that there are.
    """
    versions = list_versions(run_dir)
    if not versions:
        there = "holds none" if os.path.isdir(run_dir) else "is not a folder"
        raise ValueError(
            "`run_dir` must be a folder that holds version_0, version_1, .... Received: "
            f"run_dir={os.fspath(run_dir)!r}, which {there}"
        )
    if number is None:
        return versions[-1]
    for path in versions:
        if version_number(path) == number:
            return path
    raise ValueError(
        f"`version_number` must be one of those in {os.fspath(run_dir)!r}: "
        f"{_listed([version_number(path) for path in versions])}. "
        f"Received: version_number={number!r}"
    )


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
        number = next_version_number(folder)
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


def next_version_number(run_dir: str | os.PathLike[str]) -> int:
    """Returns the number of the version that is made next."""
    versions = list_versions(run_dir)
    return version_number(versions[-1]) + 1 if versions else 0


def version_number(path: pathlib.Path) -> int:
    """Returns N of the folder `version_N`."""
    return int(path.name.removeprefix("version_"))


def _listed(numbers: list[int]) -> str:
    """Returns `0-2, 5` for 0, 1, 2, 5."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][-1] == number - 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(
        f"{span[0]}-{span[-1]}" if len(span) > 2 else ", ".join(map(str, span)) for span in spans
    )
