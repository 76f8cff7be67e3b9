"""Writing files so that a crash never leaves a half-written one in place of a good one."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import math
import os
import pathlib
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{32}\.tmp")


@contextlib.contextmanager
def written_beside(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Opens a binary file that takes the place of `path` when the `with` block ends well.

    The content goes to a file beside `path`, is forced to the disk and then renamed, so that
    a reader, or the next start after a crash, sees either the old file or the whole new one.

    Args:
        path: File to write; its folder must exist.

    Yields:
        The open file.

    Raises:
        OSError: If the file cannot be written; the old file is then unchanged.
    """
    path = pathlib.Path(path)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    with full_disk_explained(path):
        try:
            with open(beside, "xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


@contextlib.contextmanager
def full_disk_explained(path: pathlib.Path) -> Iterator[None]:
    """Turns the error of a full disk in the `with` block into one that says what to do.

    Args:
        path: File that is written, to a place beside it first.

    Raises:
        OSError: With the same number and a sentence that names the folder.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        kept = "; the one that was there is unchanged" if path.exists() else ""
        raise OSError(
            error.errno,
            f"The disk of the folder {path.parent} is full: {path.name} could not be "
            f"written{kept}. Free some space",
        ) from error


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Forces the names in a folder to the disk: a rename lives there and not in the file."""
    _force_to_disk(folder)


def remove_unfinished(folder: str | os.PathLike[str]) -> None:
    """Deletes what `written_beside` left in a folder when its process was killed.

    Args:
        folder: Nobody else may be writing into it.
    """
    for path in pathlib.Path(folder).iterdir():
        if _UNFINISHED.fullmatch(path.name):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def folder_written_beside(path: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """Makes a folder that appears as `path`, whole, when the `with` block ends well.

    Its name begins with a dot until then, so that no reader of pictures takes it for one of theirs.

    Args:
        path: Folder to make; it must not exist or be empty. The folder that it lies in is made.

    Yields:
        The folder to write to, empty; it is deleted when the block fails.

    Raises:
        FileExistsError: If `path` is a file or holds something.
        OSError: If the folder cannot be written or renamed; nothing is left of it then.
    """
    path = pathlib.Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FileExistsError(f"{os.fspath(path)!r} exists already")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    beside.mkdir()
    try:
        with full_disk_explained(path):
            yield beside
            # Names last: files first, then the folders that list them, innermost first.
            parts = sorted(beside.rglob("*"), key=lambda part: (part.is_dir(), -len(part.parts)))
            for part in (*parts, beside):
                _force_to_disk(part)
            os.replace(beside, path)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    _force_to_disk(path.parent)


def _force_to_disk(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Replaces the file at `path` with `content` in one step, as `written_beside` does.

    Args:
        path: File to write; its folder must exist.
        content: Bytes, or text that is written as UTF-8 with its line ends unchanged. Names of
            files that are not UTF-8 are written with their own bytes.

    Raises:
        OSError: If the file cannot be written; the old file is then unchanged.
    """
    with written_beside(path) as file:
        if isinstance(content, str):
            content = content.encode("utf-8", "surrogateescape")
        file.write(content)


def write_json(path: str | os.PathLike[str], data: Any) -> None:
    """Writes `data` as indented JSON, atomically.

    Args:
        path: File to write.
        data: Nested mappings, lists, strings and numbers; NumPy scalars and arrays, tuples and
            paths are written as what they hold. NaN and infinities, which JSON does not have,
            become null.

    Raises:
        TypeError: If `data` holds anything else.
    """
    write_atomically(path, json.dumps(plain(data), indent=2, allow_nan=False) + "\n")


def read_json(path: str | os.PathLike[str], kind: type | None = None) -> Any:
    """Returns what a JSON file holds.

    Args:
        path: The file, UTF-8.
        kind: What it must hold: `dict` or `list`; anything by default.

    Raises:
        ValueError: If it is not JSON, or holds something else.
        OSError: If it cannot be read.
    """
    content = pathlib.Path(path).read_bytes()
    try:
        data = json.loads(content)
    except RecursionError as error:
        raise ValueError(f"{os.fspath(path)!r} must hold JSON: it is nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)!r} must hold JSON: {error}") from error
    if kind is not None and not isinstance(data, kind):
        wanted = "an object" if kind is dict else "a list"
        raise ValueError(
            f"{os.fspath(path)!r} must hold {wanted} of JSON. Received: {type(data).__name__}"
        )
    return data


def write_csv(
    path: str | os.PathLike[str],
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str] | None = None,
) -> None:
    """Writes `rows` as a comma-separated table with a header, atomically.

    Args:
        path: File to write.
        rows: One mapping a row; a column that a row lacks is left empty.
        columns: Names of the columns in order. Defaults to every key, in order of appearance.

    Raises:
        ValueError: If a row has a key that is not in `columns`.
    """
    rows = [dict(row) for row in rows]
    if columns is None:
        columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _scalar(value) for key, value in row.items()} for row in rows)
    write_atomically(path, text.getvalue())


def plain(data: Any) -> Any:
    """Returns `data` in the types that JSON has, as `write_json` writes it."""
    data = _scalar(data)
    if isinstance(data, Mapping):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [plain(value) for value in data]
    if isinstance(data, float) and not math.isfinite(data):
        return None
    return data


def _sync_folder(folder: pathlib.Path) -> None:
    # A rename lives in the folder.
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _scalar(value: Any) -> Any:
    # `tolist` turns NumPy scalars and arrays into Python's own without importing NumPy here.
    if hasattr(value, "tolist"):
        return value.tolist()
    return os.fspath(value) if isinstance(value, os.PathLike) else value
