"""All picture files below a folder, listed in parallel."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from simclr_tf.data.picture_set import SkippedPicture

EXTENSIONS = ("jpg", "jpeg", "png", "bmp", "gif", "webp", "tif", "tiff")

_THREADS = 8


class PictureFile(NamedTuple):
    """A file as the folder lists it: path relative to the root with `/`, bytes, time."""

    path: str
    size: int
    mtime_ns: int


class _Folder(NamedTuple):
    path: str
    prefix: str
    # Device and inode of the folder and of all folders above it, to notice a link back up.
    ancestors: frozenset[tuple[int, int]]


class _Listing(NamedTuple):
    files: list[PictureFile]
    folders: list[_Folder]
    skipped: list[SkippedPicture]


def scan_folder(
    root: str, extensions: Sequence[str] = EXTENSIONS
) -> tuple[list[PictureFile], list[SkippedPicture]]:
    """Returns the picture files below `root`, sorted by path, and what could not be listed.

    Links are followed, except back to a folder that encloses them. Names that begin with a
    dot and `__MACOSX` are ignored, and so are files without one of the extensions.
    """
    suffixes = tuple(f".{extension}" for extension in extensions)
    status = os.stat(root)
    level = [_Folder(root, "", frozenset([(status.st_dev, status.st_ino)]))]
    files: list[PictureFile] = []
    skipped: list[SkippedPicture] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        while level:
            following: list[_Folder] = []
            chunks = [level[start : start + 64] for start in range(0, len(level), 64)]
            for listing in pool.map(functools.partial(_list_folders, suffixes), chunks):
                files += listing.files
                following += listing.folders
                skipped += listing.skipped
            level = following
    return sorted(files), sorted(skipped, key=lambda picture: picture.path)


def _list_folders(suffixes: tuple[str, ...], folders: Iterable[_Folder]) -> _Listing:
    listing = _Listing([], [], [])
    for folder in folders:
        try:
            with os.scandir(folder.path) as entries:
                for entry in entries:
                    _add_entry(entry, folder, suffixes, listing)
        except OSError as error:
            listing.skipped.append(SkippedPicture(folder.prefix or ".", _reason(error)))
    return listing


def _add_entry(
    entry: os.DirEntry[str], folder: _Folder, suffixes: tuple[str, ...], listing: _Listing
) -> None:
    if entry.name.startswith(".") or entry.name == "__MACOSX":
        return
    path = folder.prefix + entry.name
    try:
        if entry.is_dir():
            status = os.stat(entry.path)
            identity = (status.st_dev, status.st_ino)
            if identity not in folder.ancestors:
                below = _Folder(entry.path, f"{path}/", folder.ancestors | {identity})
                listing.folders.append(below)
        elif entry.name.lower().endswith(suffixes):
            status = entry.stat()
            listing.files.append(PictureFile(path, status.st_size, status.st_mtime_ns))
    except OSError as error:
        listing.skipped.append(SkippedPicture(path, _reason(error)))


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
