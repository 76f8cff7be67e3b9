"""The pictures that a report shows: read once, a placeholder where one is gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from simclr_tf.protocols.analysis.joined import ReadPictures

_PAPER = 236
_STROKE = 168


class ShownPictures:
    """Gives small pictures by row and counts those that cannot be read.

    Args:
        ids: Names of all pictures.
        read_pictures: See `Joined`; None gives placeholders only.
        size: Side in pixels, at least 8.
    """

    def __init__(self, ids: Sequence[str], read_pictures: ReadPictures | None, size: int) -> None:
        self.size = size
        self.unreadable: dict[str, str] = {}
        self._ids = ids
        self._read = read_pictures
        self._pictures: dict[int, np.ndarray] = {}

    @property
    def available(self) -> bool:
        """Whether there are pictures at all."""
        return self._read is not None

    def get(self, rows: Iterable[int]) -> dict[int, np.ndarray]:
        """Returns uint8 `[size, size, 3]` by row: whole pictures on white, or a placeholder."""
        wanted = list(dict.fromkeys(int(row) for row in rows))
        # Data sets are read from the front.
        missing = sorted(row for row in wanted if row not in self._pictures)
        if missing and self._read is not None:
            names = [self._ids[row] for row in missing]
            for row, picture in zip(missing, self._read(names, self.size, "pad"), strict=True):
                if isinstance(picture, str):
                    self.unreadable[self._ids[row]] = picture
                    picture = placeholder(self.size)
                self._pictures[row] = picture
        return {row: self._pictures.get(row, placeholder(self.size)) for row in wanted}


def placeholder(size: int) -> np.ndarray:
    """Returns a grey field with a cross, uint8 `[size, size, 3]`."""
    picture = np.full((size, size, 3), _PAPER, np.uint8)
    line, column = np.indices((size, size))
    on_cross = (np.abs(line - column) <= 0.5) | (np.abs(line + column - size + 1) <= 0.5)
    inside = (np.abs(line - size / 2) < size / 5) & (np.abs(column - size / 2) < size / 5)
    picture[on_cross & inside] = _STROKE
    return picture
