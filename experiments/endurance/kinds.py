"""The kinds of files that the library reads: a good one of each, and what reads it."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable


class WrongResult(Exception):
    """A damaged file was read without an error, and not as what was written."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of file.

    Args:
        name: what it is called in the table.
        path: file that is damaged before it is read.
        content: bytes of the good file.
        read: reads the file at `path`. Raises `ValueError` or `OSError` where it is damaged and
            `WrongResult` where what comes out is wrong.
        is_text: whether its words may be replaced.
    """

    name: str
    path: pathlib.Path
    content: bytes
    read: Callable[[], object]
    is_text: bool = False

    @classmethod
    def of_file(
        cls, name: str, path: pathlib.Path, read: Callable[[], object], is_text: bool = False
    ) -> Kind:
        """Takes the good file that lies at `path`."""
        return cls(name, path, path.read_bytes(), read, is_text)


# Makes some kinds, with all their files in the folder that it is given.
Maker = Callable[[pathlib.Path], list[Kind]]
