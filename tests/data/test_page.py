import numpy as np
import pytest
from PIL import Image

from simclr_tf.data import UnreadablePicture
from simclr_tf.data import page as page_module
from simclr_tf.data.page import decode_page


@pytest.mark.parametrize("mode", ["1", "L", "I;16"])
def test_pages_without_colour_keep_their_size(tmp_path, mode):
    values = np.zeros((30, 40), np.uint8)
    values[10:20] = 255
    picture = Image.fromarray(values)
    if mode == "I;16":
        picture = Image.fromarray(values.astype(np.uint16) * 257)
    picture.convert(mode).save(tmp_path / "page.png")
    page = decode_page(tmp_path / "page.png")
    assert page.dtype == np.uint8 and page.shape[:2] == (30, 40)
    np.testing.assert_array_equal(page if page.ndim == 2 else page[..., 0], values)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK"])
def test_pages_in_colour_become_rgb(tmp_path, mode):
    Image.new("RGB", (40, 30), (255, 0, 0)).convert(mode).save(tmp_path / "page.tif")
    page = decode_page(tmp_path / "page.tif")
    assert page.shape == (30, 40, 3)
    assert np.abs(page.astype(int) - [255, 0, 0]).max() <= 3


def test_a_page_above_pillows_own_limit_is_read(tmp_path):
    Image.new("1", (10_000, 9_000), 1).save(tmp_path / "page.png")
    assert decode_page(tmp_path / "page.png").shape == (9_000, 10_000)


def test_a_page_with_too_many_pixels_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "MAXIMUM_PAGE_PIXELS", 1199)
    Image.new("L", (40, 30)).save(tmp_path / "page.png")
    with pytest.raises(UnreadablePicture, match="40 x 30 pixels, more than the 1199 accepted"):
        decode_page(tmp_path / "page.png")


def test_an_enormous_page_is_refused_before_it_is_read(tmp_path):
    Image.new("1", (30_000, 30_000), 1).save(tmp_path / "page.png")
    with pytest.raises(UnreadablePicture, match="more than 120000000 pixels"):
        decode_page(tmp_path / "page.png")


def test_a_missing_page_is_told(tmp_path):
    with pytest.raises(UnreadablePicture, match="No such file"):
        decode_page(tmp_path / "none.png")
