"""Names of folders for classes, such that an image folder is read back as it was meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

from simclr_tf.data.image_folder import SPLIT_FOLDERS, UNLABELLED_FOLDERS

UNLABELLED_FOLDER = UNLABELLED_FOLDERS[0]
_RESERVED = {*SPLIT_FOLDERS, *UNLABELLED_FOLDERS, "__macosx"}
# What some file system does not take in a name.
_FORBIDDEN = re.compile(r'[\x00-\x1f/\\:*?"<>|]')


def class_folders(class_names: Sequence[str]) -> tuple[str, ...]:
    """Returns a folder's name for every class: its own name wherever that can be.

    What a file system may not take becomes `_`. A name that means something else to
    `index_image_folder` (`train`, `unlabelled`, one that begins with a dot) gets the prefix
    `class_`, and of names that are alike then, also in small letters, the later ones get the
    class's number.
    """
    folders: list[str] = []
    taken: set[str] = set()
    for number, name in enumerate(class_names):
        folder = _FORBIDDEN.sub("_", name).strip().rstrip(".")
        if not folder or folder.startswith(".") or folder.lower() in _RESERVED:
            folder = f"class_{folder.lstrip('.')}"
        while folder.lower() in taken:
            folder = f"{folder}_{number}"
        taken.add(folder.lower())
        folders.append(folder)
    return tuple(folders)
