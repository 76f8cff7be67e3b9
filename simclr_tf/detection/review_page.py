"""A page that shows every found symbol, the surest first, to be looked through."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

_CROP_PIXELS = 96
_MARGIN = 0.3
_STYLE = (
    "body{font:14px sans-serif;margin:16px}"
    "ul{display:flex;flex-wrap:wrap;gap:10px;list-style:none;padding:0}"
    "li{width:120px;font-size:12px;overflow-wrap:anywhere}"
    "img{width:96px;height:96px;border:1px solid #bbb;display:block}"
)


class FoundSymbol(NamedTuple):
    """One found symbol, as it is listed.

    Attributes:
        page: Path of the page.
        label: Name of the class.
        score: From 0 to 1.
        box: `[x_min, y_min, x_max, y_max]` in pixels of the page.
        crop: PNG file of the symbol and what is around it.
    """

    page: str
    label: str
    score: float
    box: tuple[float, ...]
    crop: bytes


def crop_png(page: np.ndarray, box: Sequence[float]) -> bytes:
    """Returns a PNG of a box and what is around it, a square on white.

    Args:
        page: uint8 `[height, width]` or `[height, width, 3]`.
        box: `[x_min, y_min, x_max, y_max]` in pixels.
    """
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half = max(box[2] - box[0], box[3] - box[1]) * (0.5 + _MARGIN)
    corners = [round(edge) for edge in (x - half, y - half, x + half, y + half)]
    rows = slice(max(0, corners[1]), max(0, corners[3]))
    columns = slice(max(0, corners[0]), max(0, corners[2]))
    canvas = Image.new("RGB", (corners[2] - corners[0] or 1, corners[3] - corners[1] or 1), "white")
    part = page[rows, columns]
    if part.size:
        inner = Image.fromarray(np.ascontiguousarray(part)).convert("RGB")
        canvas.paste(inner, (columns.start - corners[0], rows.start - corners[1]))
    stream = io.BytesIO()
    canvas.resize((_CROP_PIXELS, _CROP_PIXELS), Image.Resampling.BILINEAR).save(stream, "PNG")
    return stream.getvalue()


def review_page(symbols: Sequence[FoundSymbol], unsure: int = 0, most: int = 3000) -> str:
    """Returns an HTML page of the found symbols in falling order of their scores.

    Args:
        symbols: What was found, in any order.
        unsure: How many more were found whose scores are too low to be shown.
        most: Symbols that are shown at most; the page says how many are left out.
    """
    best_first = sorted(symbols, key=lambda symbol: -symbol.score)
    items = "\n".join(_item(symbol) for symbol in best_first[:most])
    left_out = max(0, len(best_first) - most) + unsure
    note = (
        f"<p>{left_out} more with lower scores are in detections.csv.</p>" if left_out > 0 else ""
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>Found symbols</title><style>{_STYLE}</style></head>\n<body>\n"
        f"<h1>{len(best_first)} found symbols, the surest first</h1>\n"
        f"<ul>\n{items}\n</ul>\n{note}\n</body>\n</html>\n"
    )


def _item(symbol: FoundSymbol) -> str:
    label, page = html.escape(symbol.label), html.escape(symbol.page)
    place = ", ".join(f"{edge:.0f}" for edge in symbol.box)
    data = base64.b64encode(symbol.crop).decode("ascii")
    return (
        f'<li><img alt="{label} on {page}" src="data:image/png;base64,{data}">'
        f"<b>{label}</b> {symbol.score:.3f}<br>{page}<br>{place}</li>"
    )
