"""The HTML that the page shows. Every text that comes from outside is escaped here."""

from __future__ import annotations

import base64
import html
import io
import itertools
from collections.abc import Sequence

import numpy as np
from PIL import Image

from simclr_tf.data.region import Region
from simclr_tf.protocols.picture_search import ShownPicture

_JPEG_QUALITY = 90
_renderings = itertools.count()


def escaped(text: str) -> str:
    """Returns a text for HTML; the bytes of a name that is not UTF-8 stand as hexadecimals."""
    printable = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return html.escape(printable)


def heading(count: int, folder: str, encoder: str) -> str:
    """Returns the head of the page: what is searched, and with which encoder."""
    return (
        "<h1>Picture search</h1>"
        f"<p><b>{count:,}</b> pictures of <code>{escaped(folder)}</code>, compared by the encoder "
        f"<code>{escaped(encoder)}</code></p>"
    )


def query_box(
    name: str = "",
    picture: np.ndarray | None = None,
    region: Region | None = None,
    trouble: str = "",
) -> str:
    """Returns the box that takes a picture and shows the one that is searched with.

    Args:
        name: Of the picture; empty where there is none yet.
        picture: uint8 `[height, width, 3]`; None where it cannot be shown.
        region: The part that is searched with.
        trouble: Why a picture cannot be shown.
    """
    # What the page's script changes meanwhile is undone only by HTML that differs from the last.
    start = f'<div class="query" data-rendering="{next(_renderings)}">'
    choose = (
        '<label class="choose"><input type="file" accept="image/*,.tif,.tiff">'
        f"{'Another picture' if name else 'Choose a picture'}</label>"
    )
    if not name:
        return (
            f'{start}<div class="drop">{_ICON}<p>Drop a picture here or paste it</p>{choose}'
            '<p class="status" role="status"></p></div></div>'
        )
    if picture is None:
        shown = f'<div class="gone">{escaped(trouble)}</div>'
    else:
        aspect = picture.shape[1] / picture.shape[0]
        shown = (
            f'<div class="frame" style="--aspect: {aspect:.4f}">'
            f'<img alt="The picture that is searched with" draggable="false" '
            f'src="{data_uri(jpeg(picture))}">{region_box(region)}</div>'
        )
    whole = '<button type="button" class="whole">Whole picture</button>' if region else ""
    hint = (
        "Searching with the marked part."
        if region
        else "Drag a box on the picture to search with a part of it."
    )
    return (
        f'{start}{shown}<p class="name" title="{escaped(name)}">{escaped(name)}</p>'
        f'<p class="status" role="status">{hint if picture is not None else ""}</p>'
        f'<div class="buttons">{choose}{whole}</div></div>'
    )


def neighbours(shown: Sequence[ShownPicture]) -> str:
    """Returns the found pictures as cards, the most similar first."""
    cards = "".join(_card(rank, picture) for rank, picture in enumerate(shown, 1))
    return f'<div class="cards">{cards}</div>'


def summary(shown: Sequence[ShownPicture], seconds: float) -> str:
    """Returns one line on what was found, and a warning where pictures are gone."""
    if not shown:
        return notice("No other picture qualifies.")
    gone = [picture.trouble for picture in shown if picture.trouble]
    text = f"{len(shown)} most similar pictures in {seconds:.2f} s"
    if not gone:
        return notice(text)
    reasons = "; ".join(sorted(set(gone)))
    return notice(
        f"{text}. {len(gone)} of them cannot be shown: {reasons}. After changes in the folder, run "
        "embed.py or retrieve.py again and restart this page.",
        "warning",
    )


def notice(text: str, kind: str = "") -> str:
    """Returns a line of the kind `""`, `"warning"` or `"error"`."""
    role = "alert" if kind == "error" else "status"
    return f'<p class="notice {kind}" role="{role}">{escaped(text)}</p>'


def _card(rank: int, picture: ShownPicture) -> str:
    found = picture.found
    if picture.trouble:
        image = f'<div class="gone">{escaped(picture.trouble)}</div>'
    else:
        image = f'<img alt="Neighbour {rank}" src="{data_uri(picture.thumbnail)}">'
    label = f'<span class="label">{escaped(found.class_name)}</span>' if found.class_name else ""
    share = max(0.0, min(1.0, found.score))
    return (
        f'<figure class="card">{image}<figcaption>'
        f'<div class="bar" style="--share: {share:.4f}"></div>'
        f'<div class="facts"><span class="score">{found.score:.3f}</span>{label}</div>'
        f'<div class="path" title="{escaped(found.id)}">{escaped(found.id)}</div>'
        f'<button type="button" data-row="{found.row}">Search with this one</button>'
        "</figcaption></figure>"
    )


def region_box(region: Region | None) -> str:
    """Returns the box drawn on a picture; hidden where there is none."""
    if region is None:
        return '<div class="region" hidden></div>'
    left, top, right, bottom = (100 * edge for edge in region)
    return (
        f'<div class="region" style="left: {left:.3f}%; top: {top:.3f}%; '
        f'width: {right - left:.3f}%; height: {bottom - top:.3f}%"></div>'
    )


def jpeg(picture: np.ndarray) -> bytes:
    """Returns a JPEG file of uint8 `[height, width]` or `[height, width, 3]`."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=_JPEG_QUALITY)
    return file.getvalue()


def data_uri(content: bytes) -> str:
    """Returns the address that a JPEG file has within the page."""
    # Within the page, so that the server has no address for files.
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"


_ICON = (
    '<svg viewBox="0 0 24 24" width="48" height="48" fill="none" stroke="currentColor" '
    'stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">'
    '<rect x="3" y="4" width="18" height="14" rx="2"/><circle cx="8.5" cy="9" r="1.6"/>'
    '<path d="m4 17 5-5 3.5 3.5L16 12l4 4.5"/></svg>'
)
