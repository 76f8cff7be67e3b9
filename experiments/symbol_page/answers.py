"""What the page answers to a drawing that is uploaded and to a box drawn on it."""

from __future__ import annotations

import dataclasses
import os
import time
from typing import Any

import numpy as np
from PIL import Image

from experiments.search_page.uploads import Uploads, region_of, upload_name
from experiments.symbol_page import markup
from simclr_tf.data import UnreadablePicture
from simclr_tf.data.page import decode_page
from simclr_tf.data.region import Region, check_region
from simclr_tf.detection import DetectorSettings, find_alike
from simclr_tf.protocols.upload_check import check_upload
from simclr_tf.protocols.upload_limits import UploadLimits

# As much as a person can look at closely; what is searched is the drawing itself.
_PREVIEW_PIXELS = 2400


@dataclasses.dataclass(frozen=True, eq=False)
class Drawing:
    """The drawing that a person looks at.

    Attributes:
        name: What to call it.
        content: Bytes of its file.
        preview: Reduced so that it can be shown, uint8 `[height, width]` or `[height, width, 3]`.
    """

    name: str
    content: bytes
    preview: np.ndarray


class SymbolAnswers:
    """Answers for one page; a mistake is told on it, and the drawing stays.

    Args:
        upload_dir: See `Uploads`.
        limits: What is accepted of drawings.
        settings: How symbols are looked for.
        encoder: See `SymbolDetector`.
        image_size: Side of the encoder's pictures in pixels.
    """

    def __init__(
        self,
        upload_dir: str | os.PathLike[str],
        limits: UploadLimits,
        settings: DetectorSettings,
        encoder: Any = None,
        image_size: int = 64,
    ) -> None:
        self.limits = limits
        self._uploads = Uploads(upload_dir, limits.max_bytes)
        self._settings, self._encoder, self._image_size = settings, encoder, image_size

    def to_upload(self, drawing: Drawing | None, sent: Any) -> tuple[Drawing | None, str]:
        """Answers a drawing that was uploaded; `sent` is `{"path": ..., "name": ...}`.

        Returns:
            The drawing from now on, and the HTML that shows it.
        """
        name = upload_name(sent)
        try:
            content = self._uploads.take(sent)
            check_upload(content, self.limits)
            opened = Drawing(name, content, _reduced(decode_page(content)))
        except UnreadablePicture as error:
            return drawing, _box(drawing, trouble=f"{name} cannot be searched: {error}.")
        except ValueError as error:
            return drawing, _box(drawing, trouble=str(error))
        return opened, _box(opened)

    def to_region(self, drawing: Drawing | None, sent: Any) -> str:
        """Answers a box drawn on the drawing; `sent` is `{"region": [l, t, r, b] or None}`.

        Returns:
            The HTML that shows the drawing and what was found.
        """
        if drawing is None:
            return _box(None, trouble="Choose a drawing first.")
        try:
            region = region_of(sent)
            return _box(drawing) if region is None else self._found(drawing, region)
        except ValueError as error:
            return _box(drawing, trouble=str(error))

    def _found(self, drawing: Drawing, region: Region) -> str:
        start = time.perf_counter()
        check_region(region)
        page = decode_page(drawing.content)
        height, width = page.shape[:2]
        found = find_alike(
            page,
            np.multiply(region, (width, height, width, height)).tolist(),
            self._settings,
            encoder=self._encoder,
            image_size=self._image_size,
        )
        symbols = markup.found_symbols(page, found)
        seconds = time.perf_counter() - start
        return markup.drawing_box(
            drawing.name, drawing.preview, region, symbols, f"in {seconds:.1f} s"
        )


def _box(drawing: Drawing | None, trouble: str = "") -> str:
    if drawing is None:
        return markup.empty_box(trouble)
    return markup.drawing_box(drawing.name, drawing.preview, trouble=trouble)


def _reduced(page: np.ndarray) -> np.ndarray:
    picture = Image.fromarray(page)
    picture.thumbnail((_PREVIEW_PIXELS, _PREVIEW_PIXELS), Image.Resampling.BOX)
    return np.asarray(picture)
