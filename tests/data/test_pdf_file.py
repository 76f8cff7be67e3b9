import sys

import numpy as np
import pytest

from simclr_tf.data import page as page_module
from simclr_tf.data import pdf_file
from simclr_tf.data.page_files import page_files
from simclr_tf.data.pdf_file import PdfFile, is_pdf
from simclr_tf.data.unreadable import PictureTooLarge, UnreadablePicture
from tests.data.pdf_files import encrypted_pdf, half_black, pdf_bytes

pytest.importorskip("pypdfium2", reason='pypdfium2 (the extra "pdf") is missing')


@pytest.fixture
def path(tmp_path):
    """A PDF file of two pages, of 40 x 30 and 20 x 60 points."""
    (tmp_path / "two.pdf").write_bytes(pdf_bytes(half_black(30, 40), half_black(60, 20)))
    return tmp_path / "two.pdf"


def test_pages_have_the_size_of_their_sheet_at_the_dots_an_inch(path):
    with PdfFile(path) as file:
        assert len(file) == 2
        # 144 dots an inch are two a point.
        first, second = file.page(0, dpi=144), file.page(1, dpi=72)
    assert (first.shape, first.dtype) == ((60, 80, 3), np.uint8)
    assert second.shape == (60, 20, 3)
    assert first[:28].max() < 20 and first[32:].min() > 235


def test_a_page_with_too_many_pixels_is_refused_and_the_others_are_drawn(path, monkeypatch):
    monkeypatch.setattr(page_module, "MAXIMUM_PAGE_PIXELS", 1199)
    with PdfFile(path) as file:
        with pytest.raises(PictureTooLarge, match="80 x 60 pixels at 144 dots an inch, more than"):
            file.page(0, dpi=144)
        with pytest.raises(PictureTooLarge, match="40 x 30 pixels"):
            file.page(0, dpi=72)
        assert file.page(1, dpi=18).shape == (15, 5, 3)


def test_a_file_with_too_many_pages_is_refused(path, monkeypatch):
    monkeypatch.setattr(pdf_file, "MAXIMUM_PDF_PAGES", 1)
    with pytest.raises(UnreadablePicture, match="2 pages, more than the 1 accepted"):
        PdfFile(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "broken PDF file"),
        (b"%PDF-1.7 and nothing else", "broken PDF file"),
        (b"<html></html>", "broken PDF file"),
        (encrypted_pdf(), "the PDF file is encrypted"),
    ],
    ids=["empty", "cut off", "a web page", "encrypted"],
)
def test_a_file_that_cannot_be_opened_is_told_on_one_line(tmp_path, content, reason):
    (tmp_path / "x.pdf").write_bytes(content)
    with pytest.raises(UnreadablePicture, match=reason) as told:
        PdfFile(tmp_path / "x.pdf")
    assert "\n" not in str(told.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UnreadablePicture, match="No such file"):
        PdfFile(tmp_path / "none.pdf")


@pytest.mark.parametrize("dpi", [17, 1201, float("nan")])
def test_dots_an_inch_are_checked(path, dpi):
    with PdfFile(path) as file, pytest.raises(ValueError, match="`dpi` must be"):
        file.page(0, dpi)


def test_without_the_extra_the_error_names_it(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(ValueError, match=r'need the extra "pdf": pip install "simclr_tf\[pdf\]"'):
        PdfFile(path)


def test_pages_of_pictures_and_pdf_files_come_in_order_and_faulty_files_say_why(path, tmp_path):
    (tmp_path / "secret.PDF").write_bytes(encrypted_pdf())
    files = page_files(tmp_path, ["secret.PDF", "two.pdf", "none.png"], 72)
    name, decode = next(files)
    assert name == "secret.PDF"
    with pytest.raises(UnreadablePicture, match="encrypted"):
        decode()
    shapes = []
    for _ in range(2):
        name, decode = next(files)
        shapes.append((name, decode().shape))
    assert shapes == [("two.pdf_page_1", (30, 40, 3)), ("two.pdf_page_2", (60, 20, 3))]
    name, decode = next(files)
    with pytest.raises(UnreadablePicture, match="No such file"):
        decode()
    assert name == "none.png" and next(files, None) is None


def test_a_pdf_file_is_known_by_its_name():
    assert is_pdf("a/B.PDF") and not is_pdf("pdf") and not is_pdf("a.pdf.png")
