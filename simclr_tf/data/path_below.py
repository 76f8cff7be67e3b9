"""Names of files that somebody else wrote, kept within their folder."""

from __future__ import annotations

import os
import pathlib


def path_below(folder: str | os.PathLike[str], name: str) -> pathlib.Path:
    """Returns the path of `name` in `folder`, for names that somebody else wrote into a file.

    Args:
        folder: Where the file must lie.
        name: Relative, with `/`; links in the folder may lead elsewhere.

    Raises:
        ValueError: If the name is absolute or leads out of the folder.
    """
    path = os.path.normpath(os.path.join(folder, name))
    root = os.path.normpath(folder)
    is_below = os.path.normpath(os.path.relpath(path, root)).split(os.sep)[0] != os.pardir
    if os.path.isabs(name) or not is_below or "\0" in name:
        raise ValueError(f"the file {name!r} must lie in the folder {os.fspath(folder)!r}")
    return pathlib.Path(folder, name)
