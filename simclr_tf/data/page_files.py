"""The pages of files: a picture is one, a PDF file may have many."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, NoReturn

import numpy as np

from simclr_tf.data.page import decode_page
from simclr_tf.data.pdf_file import PdfFile, is_pdf
from simclr_tf.data.unreadable import UnreadablePicture


class PageFile(NamedTuple):
    """A page that can be decoded.

    Attributes:
        name: The file's path; of a page of a PDF file with `_page_1` and so on after it.
        decode: Returns the page, see `decode_page`, or raises `UnreadablePicture`.
    """

    name: str
    decode: Callable[[], np.ndarray]


def page_files(
    root: str | os.PathLike[str], paths: Sequence[str], pdf_dpi: float = 200
) -> Iterator[PageFile]:
    """Gives the pages of files one after another.

    Args:
        root: Folder of the files.
        paths: Of the files, relative to it.
        pdf_dpi: Dots an inch at which pages of PDF files are drawn, see `PdfFile.page`.

    Yields:
        Pages, to be decoded before the next one is asked for. A PDF file that cannot be opened is
        one page, whose decoding says why.

    Raises:
        ValueError: There is a PDF file, and the extra "pdf" is not installed.
    """
    for path in paths:
        full = os.path.join(root, path)
        if not is_pdf(path):
            yield PageFile(path, functools.partial(decode_page, full))
            continue
        try:
            file = PdfFile(full)
        except UnreadablePicture as error:
            yield PageFile(path, functools.partial(_refuse, error))
            continue
        with file:
            for number in range(len(file)):
                decode = functools.partial(file.page, number, pdf_dpi)
                yield PageFile(f"{path}_page_{number + 1}", decode)


def _refuse(error: UnreadablePicture) -> NoReturn:
    raise error
