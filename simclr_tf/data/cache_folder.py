"""The folder where decoded pictures and manifests are kept between runs."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from simclr_tf.files import written_beside

CACHE_VARIABLE = "SIMCLR_TF_CACHE"

# A file that nobody has written to for a day is left over from a run that was killed.
_ABANDONED_SECONDS = 24 * 3600


def cache_folder(cache_dir: str | os.PathLike[str] | None = None) -> Path:
    """Returns the cache folder, made when missing.

    Args:
        cache_dir: the folder; None means the environment variable SIMCLR_TF_CACHE, and
            without that `~/.cache/simclr_tf`.

    Raises:
        ValueError: if the folder cannot be made or written to.
    """
    chosen = cache_dir or os.environ.get(CACHE_VARIABLE) or "~/.cache/simclr_tf"
    folder = Path(chosen).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(_unusable(folder, error.strerror)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(_unusable(folder, "it cannot be written to"))
    return folder


def _unusable(folder: Path, reason: str | None) -> str:
    return (
        f"The cache folder {folder} cannot be used: {reason}. Give another `cache_dir` or set "
        f"the environment variable {CACHE_VARIABLE}."
    )


@contextlib.contextmanager
def cached_file(path: Path) -> Iterator[BinaryIO]:
    """Opens a file that takes the place of `path` when the block ends without an error.

    Raises:
        OSError: when the disk is full, with a sentence that names the folder.
    """
    try:
        with written_beside(path) as file:
            yield file
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _full(path.parent, "") from error


def check_free_space(folder: Path, needed_bytes: int) -> None:
    """Raises `OSError` unless the disk of `folder` has `needed_bytes` left.

    Better now than after hours of decoding.
    """
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise _full(folder, f": {needed_bytes} bytes are needed and {free} are free")


def _full(folder: Path, detail: str) -> OSError:
    return OSError(
        errno.ENOSPC,
        f"The disk of the cache folder {folder} is full{detail}. Free some space or give another "
        "`cache_dir`",
    )


def evict_oldest(
    folder: Path, limit_bytes: int, needed_bytes: int, keep: Collection[Path] = ()
) -> None:
    """Deletes the shards that were used longest ago until `needed_bytes` more fit.

    Args:
        folder: holds pairs `NAME.npy`, `NAME.json`; the time of the `.json` is that of the
            last use.
        limit_bytes: what all `.npy` files together may take.
        needed_bytes: what is about to be written.
        keep: `.npy` files that are not deleted.
    """
    for unfinished in folder.glob(".*.npy.*.tmp"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - unfinished.stat().st_mtime > _ABANDONED_SECONDS:
                unfinished.unlink()
    entries = []
    for data in folder.glob("*.npy"):
        with contextlib.suppress(FileNotFoundError):
            description = data.with_suffix(".json")
            used = (description if description.exists() else data).stat().st_mtime
            entries.append((used, data.stat().st_size, data))
    total = sum(size for _, size, _ in entries) + needed_bytes
    for _, size, data in sorted(entries):
        if total <= limit_bytes:
            return
        if data in keep:
            continue
        data.with_suffix(".json").unlink(missing_ok=True)
        data.unlink(missing_ok=True)
        total -= size
