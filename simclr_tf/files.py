"""Writing files so that a crash never leaves a half-written one in place of a good one."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import os
import pathlib
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO


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
    try:
        with open(beside, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    # The rename itself lives in the folder.
    _force_to_disk(path.parent)


@contextlib.contextmanager
def folder_written_beside(path: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """Makes a folder that appears as `path`, whole, when the `with` block ends well.

    Args:
        path: Folder to write; must not exist yet. The folder that it lies in is made.

    Yields:
        The folder beside `path` to write into; it is deleted when the block fails.

    Raises:
        FileExistsError: If `path` exists.
        OSError: If a file cannot be written.
    """
    path = pathlib.Path(path)
    if path.exists():
        raise FileExistsError(f"{os.fspath(path)!r} exists already")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    beside.mkdir()
    try:
        yield beside
        # Names last: files first, then the folders that list them, innermost first.
        for part in sorted(beside.rglob("*"), key=lambda part: (part.is_dir(), -len(part.parts))):
            _force_to_disk(part)
        _force_to_disk(beside)
        os.rename(beside, path)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    _force_to_disk(path.parent)


def _force_to_disk(path: pathlib.Path) -> None:
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


def _scalar(value: Any) -> Any:
    # `tolist` turns NumPy scalars and arrays into Python's own without importing NumPy here.
    if hasattr(value, "tolist"):
        return value.tolist()
    return os.fspath(value) if isinstance(value, os.PathLike) else value
