"""The folder that uploads come to."""

from __future__ import annotations

import os
import pathlib
from typing import Any

_LONGEST_NAME = 200


class Uploads:
    """Takes uploads out of their folder, and nothing from anywhere else.

    Args:
        folder: Uploads are deleted once read, and no path outside it is taken for one.
        max_bytes: So much of a file is read, and one byte more.
    """

    def __init__(self, folder: str | os.PathLike[str], max_bytes: int) -> None:
        self._folder = pathlib.Path(os.path.realpath(folder))
        self._max_bytes = max_bytes

    def take(self, sent: Any) -> bytes:
        """Reads an upload and deletes it.

        Args:
            sent: What the page says of it, `{"path": ...}`.

        Raises:
            ValueError: There is no such upload.
        """
        path = sent.get("path") if isinstance(sent, dict) else None
        try:
            real = pathlib.Path(os.path.realpath(path if isinstance(path, str) else ""))
            if not real.is_relative_to(self._folder) or not real.is_file():
                raise FileNotFoundError
            with open(real, "rb") as file:
                content = file.read(self._max_bytes + 1)
            real.unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            raise ValueError("The picture did not arrive; choose it again.") from error
        return content


def upload_name(sent: Any) -> str:
    """Returns what to call an upload; `sent` is `{"name": ...}`."""
    name = sent.get("name") if isinstance(sent, dict) else None
    return str(name or "picture")[:_LONGEST_NAME]


def region_of(sent: Any) -> tuple[float, float, float, float] | None:
    """Returns the marked part, as fractions; `sent` is `{"region": [l, t, r, b] or None}`.

    Raises:
        ValueError: It has another form.
    """
    values = sent.get("region") if isinstance(sent, dict) else None
    if values is None:
        return None
    try:
        left, top, right, bottom = (float(value) for value in values)
    except (TypeError, ValueError) as error:
        raise ValueError("The marked part cannot be read; mark it again.") from error
    return left, top, right, bottom
