"""An example of a symbol: its ink, and what is around it."""

from __future__ import annotations

import dataclasses

import numpy as np
from PIL import Image

# Context around the box, as a share of its long side.
CONTEXT = 0.25


@dataclasses.dataclass(frozen=True, eq=False)
class SymbolExample:
    """One example of a class.

    Args:
        label: Its class.
        ink: See `ink_map`; the symbol's box in the middle of its context, uint8
            `[height + 2 * margin, width + 2 * margin]`.
        margin: Pixels of context on each side.
        size_is_known: Whether it was cut from a drawing, so that others are about as large.
        source: The file it came from.
        row: Number of its box in that drawing; None for a picture of its own.
    """

    label: int
    ink: np.ndarray
    margin: int
    size_is_known: bool
    source: str = ""
    row: int | None = None

    @property
    def height(self) -> int:
        """Height of the box in pixels."""
        return self.ink.shape[0] - 2 * self.margin

    @property
    def width(self) -> int:
        """Width of the box in pixels."""
        return self.ink.shape[1] - 2 * self.margin

    @property
    def long_side(self) -> int:
        """The longer side of the box in pixels."""
        return max(self.height, self.width)

    def turned(self, angle: float) -> SymbolExample:
        """Returns the example turned clockwise by an angle in degrees.

        A quarter turn moves pixels and nothing else. At other angles the box is that of the
        turned ink, so that it fits a round symbol at every angle.
        """
        quarters, rest = divmod(angle % 360, 90)
        ink = np.rot90(self.ink, -int(quarters))
        if rest == 0:
            return dataclasses.replace(self, ink=np.ascontiguousarray(ink))
        # The ink of the box alone turns: its context is another one there.
        inner = np.array(ink)
        _clear_context(inner, self.margin)
        turned = Image.fromarray(inner).rotate(
            -rest, Image.Resampling.BICUBIC, expand=True, fillcolor=0
        )
        return from_ink(np.asarray(turned), dataclasses.replace(self))


def from_ink(ink: np.ndarray, like: SymbolExample) -> SymbolExample:
    """Returns an example whose box is that of all the ink in a picture; context is paper.

    Args:
        ink: uint8 `[height, width]` with some ink.
        like: What the rest is taken from.

    Raises:
        ValueError: There is no ink.
    """
    strong = ink >= 64
    rows, columns = np.flatnonzero(strong.any(axis=1)), np.flatnonzero(strong.any(axis=0))
    if not len(rows):
        raise ValueError("there is no ink in it")
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    margin = context_margin(*box.shape)
    return dataclasses.replace(like, ink=np.pad(box, margin), margin=margin)


def context_margin(height: float, width: float) -> int:
    """Returns the pixels of context around a box of this size."""
    return int(np.ceil(CONTEXT * max(height, width))) + 2


def _clear_context(ink: np.ndarray, margin: int) -> None:
    ink[:margin], ink[-margin:] = 0, 0
    ink[:, :margin], ink[:, -margin:] = 0, 0
