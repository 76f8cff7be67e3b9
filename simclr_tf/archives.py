"""Reading ZIP archives (`.npz`, `.keras`) that may be damaged, or made to do harm."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import pathlib
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Collection, Iterator
from typing import IO

import numpy as np

# What a good archive may grow to when it is unpacked: pictures and weights hardly shrink.
_LARGEST_GROWTH = 100
_ALWAYS_ACCEPTED_BYTES = 1 << 26
_NAME_END = ".npy"
# What zipfile, its decompressors and NumPy raise, depending on the byte that is wrong.
DAMAGED_FILE_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


@contextlib.contextmanager
def opened_archive(path: str | os.PathLike[str]) -> Iterator[zipfile.ZipFile]:
    """Opens a ZIP archive after a look at what it says that it holds.

    Whatever is found wrong within the `with` block becomes a `ValueError`.

    Args:
        path: The file.

    Yields:
        The open archive, which is no decompression bomb and whose names all lie below it.

    Raises:
        ValueError: If it is not such an archive, or is damaged.
        OSError: If it cannot be read.
    """
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            _check_members(archive, os.fstat(file.fileno()).st_size)
            yield archive
    except (OSError, *DAMAGED_FILE_ERRORS) as error:
        # A place before the begin of the file, which only a damaged directory names.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{os.fspath(path)!r} is damaged: {reason}") from error


def read_arrays(
    path: str | os.PathLike[str], leave_out: Collection[str] = ()
) -> dict[str, np.ndarray]:
    """Returns the arrays of an `.npz` file, read-only; nothing is unpickled, all bytes are checked.

    Args:
        path: The file.
        leave_out: Names of arrays that are checked but not returned.

    Raises:
        ValueError: If the file is not a whole `.npz` file of plain arrays.
        OSError: If it cannot be read.
    """
    with opened_archive(path) as archive:
        arrays = {}
        for info in archive.infolist():
            name = info.filename.removesuffix(_NAME_END)
            if name in leave_out:
                read_through(archive, info)
            else:
                arrays[name] = _read_array(archive, info)
        return arrays


def check_archive(path: str | os.PathLike[str]) -> None:
    """Raises `ValueError` where a ZIP archive is damaged or would fill memory or disk.

    Every byte is read, so that what opens the file afterwards finds it whole.
    """
    with opened_archive(path) as archive:
        for info in archive.infolist():
            read_through(archive, info)


def read_through(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Reads a member to its end, where its checksum is compared."""
    with archive.open(info) as member:
        while member.read(1 << 20):
            pass


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    stated = 0
    names = set()
    for info in archive.infolist():
        parts = pathlib.PurePosixPath(info.filename.replace("\\", "/")).parts
        if ".." in parts or parts[:1] == ("/",) or info.filename in names:
            raise ValueError(f"it has a member {info.filename!r}")
        names.add(info.filename)
        stated += info.file_size
    if stated > _ALWAYS_ACCEPTED_BYTES + _LARGEST_GROWTH * size:
        raise ValueError(f"its {size} bytes would become {stated}")


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as member:
        shape, by_column, dtype = _read_header(member)
        count = math.prod(shape)
        # Before memory is asked for: the shape is whatever the file says.
        if dtype.hasobject or count * dtype.itemsize != info.file_size - member.tell():
            raise ValueError(f"{info.filename} states {dtype} of shape {shape}")
        # To the very end, where the checksum is compared.
        content = member.read()
    if not content:
        return np.zeros(shape, dtype)
    return np.frombuffer(content, dtype).reshape(shape, order="F" if by_column else "C")


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(member)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(member)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(member)
    raise ValueError(f"it is of version {version} of NumPy's format")
