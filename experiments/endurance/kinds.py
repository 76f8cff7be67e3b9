"""The kinds of files that the library reads: a good one of each, and what reads it."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np

from experiments.endurance.mutate import mutated, with_changed_member

Damage = Callable[[bytes, bool, np.random.Generator], bytes]


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
        damage: from the good content, `is_text` and a generator to the damaged content.
    """

    name: str
    path: pathlib.Path
    content: bytes
    read: Callable[[], object]
    is_text: bool = False
    damage: Damage = mutated

    @classmethod
    def of_file(
        cls, name: str, path: pathlib.Path, read: Callable[[], object], is_text: bool = False
    ) -> Kind:
        """Takes the good file that lies at `path`."""
        return cls(name, path, path.read_bytes(), read, is_text)


def forged(kind: Kind) -> Kind:
    """Returns a kind of ZIP archives whose members are changed and whose checksums are right.

    That is what a person may do who means harm; what is read then is not what was written.
    """

    def read() -> None:
        with contextlib.suppress(WrongResult):
            kind.read()

    name = f"{kind.name}_forged"
    return dataclasses.replace(kind, name=name, read=read, damage=with_changed_member)


# Makes some kinds, with all their files in the folder that it is given.
Maker = Callable[[pathlib.Path], list[Kind]]
