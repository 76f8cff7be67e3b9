"""The HTML of a drawing and of the symbols found on it. Texts from outside are escaped here."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from experiments.search_page.markup import data_uri, escaped, jpeg, notice, region_box
from simclr_tf.boxes import Detections
from simclr_tf.data.region import Region
from simclr_tf.detection.review_page import crop_png

# More would not be looked at; the surest come first.
MOST_SHOWN = 300
_renderings = itertools.count()


class ShownSymbol(NamedTuple):
    """A found symbol.

    Attributes:
        region: Where it is on the drawing.
        score: From 0 to 1.
        crop: PNG file of the symbol and what is around it.
    """

    region: Region
    score: float
    crop: bytes


def heading(encoder: str | None) -> str:
    """Returns the head of the page."""
    how = f"the encoder <code>{escaped(encoder)}</code>" if encoder else "their pixels"
    return (
        "<h1>Find a symbol on a drawing</h1>"
        f"<p>Symbols are compared by {how}. Nothing leaves this machine.</p>"
    )


def found_symbols(page: np.ndarray, found: Detections) -> list[ShownSymbol]:
    """Returns what is shown of the surest symbols.

    Args:
        page: uint8 `[height, width]` or `[height, width, 3]`.
        found: Best first.
    """
    height, width = page.shape[:2]
    return [
        ShownSymbol(
            (box[0] / width, box[1] / height, box[2] / width, box[3] / height),
            score,
            crop_png(page, box),
        )
        for box, score in zip(
            found.boxes[:MOST_SHOWN].tolist(), found.scores[:MOST_SHOWN].tolist(), strict=True
        )
    ]


def empty_box(trouble: str = "") -> str:
    """Returns the box that takes a drawing, and why there is none yet."""
    return (
        f'{_start()}<div class="drop"><p>Drop a drawing here or paste it</p>{_choose("a drawing")}'
        f'<p class="status" role="status"></p></div>{_trouble(trouble)}</div>'
    )


def drawing_box(
    name: str,
    preview: np.ndarray,
    region: Region | None = None,
    symbols: Sequence[ShownSymbol] | None = None,
    remark: str = "",
    trouble: str = "",
) -> str:
    """Returns a drawing, the box on it and what was found.

    Args:
        name: Of the drawing.
        preview: uint8 `[height, width]` or `[height, width, 3]`.
        region: The box that was drawn on it.
        symbols: What was found; None before anything was looked for.
        remark: Said after their number.
        trouble: What went wrong.
    """
    aspect = preview.shape[1] / preview.shape[0]
    marks = "".join(_mark(number, one) for number, one in enumerate(symbols or ()))
    buttons = (
        f'{_choose("another drawing")}<button type="button" class="smaller" '
        'aria-label="Smaller">−</button><button type="button" class="larger" '
        'aria-label="Larger">+</button>'
    )
    return (
        f'{_start()}<div class="buttons">{buttons}<span class="name" title="{escaped(name)}">'
        f"{escaped(name)}</span></div>{_trouble(trouble)}"
        f'<p class="status" role="status">{_status(symbols, remark)}</p>'
        f'<div class="view"><div class="frame" style="--aspect: {aspect:.4f}">'
        f'<img alt="The drawing" draggable="false" src="{data_uri(jpeg(preview))}">'
        f"{marks}{region_box(region)}</div></div>{_results(symbols)}</div>"
    )


def _start() -> str:
    # What the page's script changes meanwhile is undone only by HTML that differs from the last.
    return f'<div class="query drawing" data-rendering="{next(_renderings)}">'


def _choose(what: str) -> str:
    return (
        '<label class="choose"><input type="file" accept="image/*,.tif,.tiff">'
        f"Choose {what}</label>"
    )


def _trouble(text: str) -> str:
    return notice(text, "error") if text else ""


def _status(symbols: Sequence[ShownSymbol] | None, remark: str) -> str:
    if symbols is None:
        return "Drag a box round one symbol to find all others."
    if not symbols:
        return f"Nothing like it was found {escaped(remark)}."
    count = len(symbols)
    return f'<b class="count">{count}</b> of {count} possible ones, found {escaped(remark)}'


def _results(symbols: Sequence[ShownSymbol] | None) -> str:
    if not symbols:
        return ""
    cards = "".join(_card(number, one) for number, one in enumerate(symbols))
    return (
        '<label class="least">Least score <input type="range" min="0" max="1" step="0.01" '
        f'aria-label="Least score"> <output></output></label><div class="found">{cards}</div>'
    )


def _mark(number: int, symbol: ShownSymbol) -> str:
    left, top, right, bottom = (100 * edge for edge in symbol.region)
    return (
        f'<div class="mark" data-score="{symbol.score:.4f}" data-mark="{number}" '
        f'title="{symbol.score:.3f}" style="left: {left:.3f}%; top: {top:.3f}%; '
        f'width: {right - left:.3f}%; height: {bottom - top:.3f}%"></div>'
    )


def _card(number: int, symbol: ShownSymbol) -> str:
    crop = base64.b64encode(symbol.crop).decode("ascii")
    return (
        f'<button type="button" class="symbol" data-score="{symbol.score:.4f}" '
        f'data-show="{number}"><img alt="Symbol {number + 1}" '
        f'src="data:image/png;base64,{crop}"><span class="score">{symbol.score:.3f}</span></button>'
    )
