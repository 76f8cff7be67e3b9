"""The pages of a PDF file as pictures."""

from __future__ import annotations

import math
import os
from types import ModuleType
from typing import Any

import numpy as np

from simclr_tf.checks import check_between
from simclr_tf.data import page
from simclr_tf.data.unreadable import PictureTooLarge, UnreadablePicture

PDF_EXTENSION = "pdf"
# A book of plans; a file that claims more is taken for a faulty one.
MAXIMUM_PDF_PAGES = 1000
_POINTS_PER_INCH = 72


class PdfFile:
    """An open PDF file, a context manager.

    Not for several threads at once, since PDFium is not.

    Args:
        path: The file.

    Raises:
        UnreadablePicture: It is missing, broken, encrypted or has more than 1,000 pages.
        ValueError: The extra "pdf" is not installed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        pdfium = import_pdfium()
        self._error = pdfium.PdfiumError
        try:
            # PDFium itself does not say why a file cannot be opened.
            os.stat(path)
            self._document = pdfium.PdfDocument(os.fspath(path))
        except self._error as error:
            if "password" in str(error).lower():
                raise UnreadablePicture("the PDF file is encrypted") from error
            raise UnreadablePicture(f"broken PDF file: {_reason(error)}") from error
        except OSError as error:
            raise UnreadablePicture(error.strerror or str(error)) from error
        if len(self) > MAXIMUM_PDF_PAGES:
            pages = len(self)
            self.close()
            raise UnreadablePicture(
                f"{pages} pages, more than the {MAXIMUM_PDF_PAGES} accepted of a PDF file"
            )

    def __enter__(self) -> PdfFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._document)

    def close(self) -> None:
        """Lets go of the file."""
        self._document.close()

    def page(self, number: int, dpi: float = 200) -> np.ndarray:
        """Returns a page as it is shown, upright and on white.

        Args:
            number: Of the page, from 0.
            dpi: Dots an inch, 18 to 1,200, default 200.

        Returns:
            uint8 `[height, width, 3]`.

        Raises:
            UnreadablePicture: The page is broken.
            PictureTooLarge: It has more than 120,000,000 pixels; an UnreadablePicture too.
            ValueError: `dpi` is out of range.
        """
        check_dpi(dpi)
        try:
            sheet = self._document[number]
            try:
                return self._drawn(sheet, dpi / _POINTS_PER_INCH)
            finally:
                sheet.close()
        except (self._error, MemoryError) as error:
            raise UnreadablePicture(f"broken page: {_reason(error)}") from error

    def _drawn(self, sheet: Any, scale: float) -> np.ndarray:
        width, height = (math.ceil(side * scale) for side in sheet.get_size())
        if width * height > page.MAXIMUM_PAGE_PIXELS:
            raise PictureTooLarge(
                f"{width} x {height} pixels at {scale * _POINTS_PER_INCH:g} dots an inch, more "
                f"than the {page.MAXIMUM_PAGE_PIXELS} accepted of a page"
            )
        bitmap = sheet.render(scale=scale, rev_byteorder=True)
        try:
            # The array is a view of what is freed with the bitmap.
            return np.array(bitmap.to_numpy()[..., :3])
        finally:
            bitmap.close()


def is_pdf(path: str | os.PathLike[str]) -> bool:
    """Returns whether a file is called a PDF file."""
    return os.fspath(path).lower().endswith(f".{PDF_EXTENSION}")


def check_dpi(dpi: float, name: str = "dpi") -> None:
    """Raises `ValueError` unless pages can be drawn with so many dots an inch.

    Args:
        dpi: The dots.
        name: Of the argument, for the error.
    """
    check_between(name, dpi, 18, 1200)


def import_pdfium() -> ModuleType:
    """Returns the module that reads PDF files.

    Raises:
        ValueError: It is not installed.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise ValueError(
            'Pages of PDF files need the extra "pdf": pip install "simclr_tf[pdf]". '
            f"Received: {error}"
        ) from error
    return pypdfium2


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
