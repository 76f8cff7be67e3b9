"""Symbols on pages that come as files from many clients, one page after the other."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np

from simclr_tf.boxes import Detections
from simclr_tf.data.page import decode_page
from simclr_tf.protocols.upload_check import check_upload
from simclr_tf.protocols.upload_limits import UploadLimits


class PageDetector(Protocol):
    """What finds symbols, such as `simclr_tf.detection.SymbolDetector`."""

    def detect(self, page: np.ndarray) -> Detections:
        """Returns what is on a page, uint8 `[height, width]` or `[height, width, 3]`."""


@dataclasses.dataclass(frozen=True, eq=False)
class FoundOnPage:
    """What was found on a page.

    Attributes:
        width: Of the page in pixels.
        height: Of the page in pixels.
        detections: What was found, best first.
    """

    width: int
    height: int
    detections: Detections


class SymbolFinder:
    """Searches one page at a time in a thread of its own; a context manager.

    A page takes seconds of all processors, so that several at once would end no earlier.

    Args:
        detector: What finds symbols.
        class_names: Names of its labels.
        limits: What is accepted of pages.
    """

    def __init__(
        self,
        detector: PageDetector,
        class_names: Sequence[str],
        limits: UploadLimits | None = None,
    ) -> None:
        self.class_names = tuple(class_names)
        self.limits = limits or UploadLimits()
        self._detector = detector
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="find_symbols")

    def __enter__(self) -> SymbolFinder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def find(self, content: bytes) -> FoundOnPage:
        """Finds the symbols on the page in the bytes of a picture file.

        A search that is given up before its turn is never begun.

        Args:
            content: The bytes.

        Raises:
            PictureTooLarge: The picture is beyond the limits.
            UnreadablePicture: It cannot be decoded.
            ValueError: Every symbol is larger than the page.
        """
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._find, content)

    def close(self) -> None:
        """Ends the thread once it has searched the page that it is at."""
        self._pool.shutdown(cancel_futures=True)

    def _find(self, content: bytes) -> FoundOnPage:
        check_upload(content, self.limits)
        page = decode_page(content)
        return FoundOnPage(page.shape[1], page.shape[0], self._detector.detect(page))
