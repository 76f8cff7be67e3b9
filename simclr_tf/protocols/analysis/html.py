"""Pieces of a page: every text escaped, every picture inside the page."""

from __future__ import annotations

import base64
import html
import io
import pathlib
from collections.abc import Iterable, Sequence

import numpy as np

from simclr_tf.protocols.analysis.figures import DOTS_PER_INCH

_JPEG_QUALITY = 86
# Of the page; a figure of 11.5 inches fills it.
_PIXELS_PER_INCH = 92


def text(value: object) -> str:
    """Returns any text so that HTML shows it as it is; bytes that are not UTF-8 become `?`."""
    return html.escape(str(value).encode("utf-8", "replace").decode())


def paragraph(sentence: str) -> str:
    """Returns an escaped paragraph."""
    return f"<p>{text(sentence)}</p>"


def section(title: str, *parts: str) -> str:
    """Returns a section with its heading; nothing where all parts are empty."""
    content = "\n".join(part for part in parts if part)
    return f"<section>\n<h2>{text(title)}</h2>\n{content}\n</section>" if content else ""


def table(
    header: Sequence[str], rows: Iterable[Sequence[object]], texts: int = 1, note: str = ""
) -> str:
    """Returns a table.

    Args:
        header: Names of the columns.
        rows: Their cells.
        texts: So many columns on the left hold texts; the others hold numbers.
        note: Stands below the table.
    """

    def line(cells: Sequence[object], tag: str) -> str:
        parts = [
            f"<{tag}{'' if place < texts else ' class=number'}>{text(cell)}</{tag}>"
            for place, cell in enumerate(cells)
        ]
        return f"<tr>{''.join(parts)}</tr>"

    body = "\n".join(line(row, "td") for row in rows)
    below = f'\n<p class="caption">{text(note)}</p>' if note else ""
    head = line(header, "th")
    return (
        f'<div class="wide"><table>\n<thead>{head}</thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table></div>{below}"
    )


def figure(path: pathlib.Path, caption: str) -> str:
    """Returns a PNG file as a figure with its caption."""
    content = path.read_bytes()
    # The width in pixels stands in the file's first chunk. All figures get letters of one size.
    width = int.from_bytes(content[16:20], "big") * _PIXELS_PER_INCH // DOTS_PER_INCH
    return (
        f'<figure><img src="{_address("png", content)}" alt="{text(caption)}" '
        f'style="max-width: {width}px">'
        f"<figcaption>{text(caption)}</figcaption></figure>"
    )


def tile(pictures: Sequence[np.ndarray], lines: Sequence[str], between: str = "") -> str:
    """Returns pictures uint8 `[size, size, 3]` side by side with lines below them.

    Args:
        pictures: One or two.
        lines: The first is set in bold.
        between: Stands between two pictures.
    """
    images = [f'<img src="{_address("jpeg", _jpeg(picture))}" alt="">' for picture in pictures]
    joint = f'<span class="between">{text(between)}</span>' if between else ""
    # A path breaks after a folder rather than inside a name.
    below = "".join(f"<span>{text(line).replace('/', '/<wbr>')}</span>" for line in lines)
    kind = "tile" if len(images) == 1 else "tile pair"
    return f'<div class="{kind}"><div>{joint.join(images)}</div>{below}</div>'


def tiles(parts: Iterable[str]) -> str:
    """Returns tiles in lines as long as the page is wide; nothing where there are none."""
    content = "\n".join(parts)
    return f'<div class="tiles">\n{content}\n</div>' if content else ""


def _address(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _jpeg(picture: np.ndarray) -> bytes:
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(picture).save(content, "JPEG", quality=_JPEG_QUALITY)
    return content.getvalue()
