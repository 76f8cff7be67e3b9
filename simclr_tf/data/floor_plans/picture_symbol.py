"""Symbols given as pictures, to be placed on plans."""

from __future__ import annotations

import dataclasses

import numpy as np
from PIL import Image, ImageDraw

from simclr_tf.data.floor_plans.sheet import SUPERSAMPLING, Rectangle, Sheet
from simclr_tf.data.paper import symbol_paper

# Differences of a channel up to this are still the paper around the symbol.
_PAPER_TOLERANCE = 24
# A thin line of a small symbol is fainter than this share of it, of 255.
_FAINTEST_LINE = 16


@dataclasses.dataclass(frozen=True, eq=False)
class PictureSymbol:
    """A symbol that is pasted onto plans as a picture shows it, colours included.

    Args:
        name: Its class.
        picture: uint8 `[height, width, 3]`, on paper of one colour. The paper that the symbol
            encloses belongs to it.

    Raises:
        ValueError: The picture is of another shape, or shows nothing but paper.
    """

    name: str
    picture: np.ndarray
    cut: Image.Image = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.picture.dtype != np.uint8 or self.picture.shape[2:] != (3,):
            raise ValueError(
                "`picture` must be uint8 [height, width, 3]. Received: "
                f"picture.shape={self.picture.shape}, picture.dtype={self.picture.dtype}"
            )
        cut = _cut_out(Image.fromarray(self.picture))
        if cut is None:
            raise ValueError(f"`picture` of {self.name!r} must show more than its paper.")
        object.__setattr__(self, "cut", cut)


class PictureShape:
    """A picture's symbol of one size and angle.

    Args:
        symbol: The symbol.
        half: Half of its longer side, page pixels.
        angle: How far it is turned clockwise, degrees.

    Attributes:
        points: Corners of its box around its centre, page pixels, `[2, 2]`.
    """

    def __init__(self, symbol: PictureSymbol, half: float, angle: float) -> None:
        scale = 2 * half * SUPERSAMPLING / max(symbol.cut.size)
        size = [max(1, round(side * scale)) for side in symbol.cut.size]
        small = symbol.cut.resize((size[0], size[1]), Image.Resampling.LANCZOS)
        turned = small.rotate(-angle, Image.Resampling.BICUBIC, expand=True)
        self._picture = turned.crop(_visible(turned, _FAINTEST_LINE) or (0, 0, *turned.size))
        reach = np.array(self._picture.size) / (2 * SUPERSAMPLING)
        self.points = np.stack([-reach, reach])

    def paint(self, sheet: Sheet, centre: np.ndarray) -> Rectangle:
        """Pastes the symbol around `centre` and returns its box."""
        x, y = np.rint((centre + self.points[0]) * SUPERSAMPLING).astype(int).tolist()
        sheet.canvas.paste(self._picture.convert("RGB"), (x, y), self._picture.getchannel("A"))
        edges = (x, y, x + self._picture.width, y + self._picture.height)
        return tuple(edge / SUPERSAMPLING for edge in edges)


def _cut_out(picture: Image.Image) -> Image.Image | None:
    """Returns the symbol with the paper around it made transparent, RGBA."""
    # A frame of paper, so that the paper outside is one region.
    paper = symbol_paper(np.asarray(picture))
    framed = Image.new("RGB", (picture.width + 2, picture.height + 2), paper)
    framed.paste(picture, (1, 1))
    distances = np.abs(np.asarray(framed, np.int16) - np.array(paper)).max(axis=2)
    # The copy can be written to.
    region = Image.fromarray(np.uint8(255) * (distances > _PAPER_TOLERANCE)).copy()
    ImageDraw.floodfill(region, (0, 0), 128)
    framed.putalpha(region.point(lambda level: 0 if level == 128 else 255))
    box = _visible(framed)
    return None if box is None else framed.crop(box)


def _visible(picture: Image.Image, least: int = 127) -> tuple[int, int, int, int] | None:
    return picture.getchannel("A").point(lambda level: 255 if level > least else 0).getbbox()
