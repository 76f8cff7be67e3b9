"""SHA-256 of every picture file, remembered as long as size and time stay the same."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from simclr_tf.archives import DAMAGED_FILE_ERRORS, read_arrays
from simclr_tf.data.cache_folder import cache_folder, cached_file
from simclr_tf.data.folder_scan import PictureFile

_LOGGER = logging.getLogger(__name__)
_READ_BYTES = 1 << 20
_THREADS = 8


def content_hashes(
    root: str,
    files: Sequence[PictureFile],
    cache_dir: str | os.PathLike[str] | None = None,
) -> list[str | None]:
    """Returns the hexadecimal SHA-256 of each file's content; None where it cannot be read.

    Files whose path, size and modification time are those of the manifest kept in the cache
    folder are not read again. A damaged manifest is made anew.

    Args:
        root: the folder that the paths start from.
        files: the files.
        cache_dir: see `cache_folder`.
    """
    manifest_path = cache_folder(cache_dir) / _manifest_name(root)
    known = _read_manifest(manifest_path)
    digests = [known.get(file) for file in files]
    missing = [row for row, digest in enumerate(digests) if digest is None]
    if not missing:
        return digests
    chunks = [missing[start : start + 256] for start in range(0, len(missing), 256)]
    with ThreadPoolExecutor(_THREADS) as pool:
        paths = ([os.path.join(root, files[row].path) for row in chunk] for chunk in chunks)
        for chunk, hashed in zip(chunks, pool.map(_hash_files, paths), strict=True):
            for row, digest in zip(chunk, hashed, strict=True):
                digests[row] = digest
    for file, digest in zip(files, digests, strict=True):
        if digest is not None:
            known[file] = digest
    _write_manifest(manifest_path, known)
    return digests


def hash_file(path: str) -> str | None:
    """Returns the hexadecimal SHA-256 of a file's content; None where it cannot be read."""
    digest = hashlib.sha256()
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            while block := os.read(descriptor, _READ_BYTES):
                digest.update(block)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    return digest.hexdigest()


def _hash_files(paths: Sequence[str]) -> list[str | None]:
    return [hash_file(path) for path in paths]


def _manifest_name(root: str) -> str:
    return f"manifest-{hashlib.sha256(os.path.realpath(root).encode()).hexdigest()[:32]}.npz"


def _read_manifest(path: Path) -> dict[PictureFile, str]:
    if not path.exists():
        return {}
    try:
        arrays = read_arrays(path)
        names = arrays["paths"].tobytes().decode("utf-8", "surrogateescape").split("\0")
        sizes, times = arrays["sizes"].tolist(), arrays["times"].tolist()
        joined = arrays["digests"].tobytes().hex()
        digests = [joined[start : start + 64] for start in range(0, len(joined), 64)]
        files = map(PictureFile, names, sizes, times)
        return dict(zip(files, digests, strict=True))
    except (OSError, *DAMAGED_FILE_ERRORS) as error:
        _LOGGER.warning("The manifest %s is damaged (%s): hashing the files again.", path, error)
        return {}


def _write_manifest(path: Path, known: dict[PictureFile, str]) -> None:
    # Of several states of one file only the newest is worth keeping.
    newest = {file.path: (file, digest) for file, digest in known.items()}
    files = [file for file, _ in newest.values()]
    names = "\0".join(file.path for file in files).encode("utf-8", "surrogateescape")
    with cached_file(path) as output:
        np.savez(
            output,
            paths=np.frombuffer(names, np.uint8),
            sizes=np.array([file.size for file in files], np.int64),
            times=np.array([file.mtime_ns for file in files], np.int64),
            digests=np.frombuffer(
                bytes.fromhex("".join(digest for _, digest in newest.values())), np.uint8
            ),
        )
