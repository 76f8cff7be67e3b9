import io
import os
import time

import numpy as np
import pytest
from PIL import Image

from simclr_tf.data import decode, decode_many
from simclr_tf.data.decode import UnreadablePicture, decode_content, decode_picture


def encoded(picture, image_format, **options):
    buffer = io.BytesIO()
    picture.save(buffer, image_format, **options)
    return buffer.getvalue()


def noise(height=16, width=16, channels=3):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def red_and_blue(width=32, height=32):
    """Left half red, right half blue."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = 255
    pixels[:, width // 2 :, 2] = 255
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("image_format", "options"),
    [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True})],
)
def test_pixels_of_a_picture_of_the_right_size_are_unchanged(image_format, options):
    content = encoded(Image.fromarray(noise()), image_format, **options)
    np.testing.assert_array_equal(decode_content(content, 16), noise())


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg_of_any_colour_model_keeps_its_colour(mode):
    content = encoded(Image.new("RGB", (40, 40), (120, 120, 120)).convert(mode), "JPEG", quality=95)
    np.testing.assert_allclose(decode_content(content, 16), 120, atol=3)


def test_cmyk_red_comes_out_red():
    content = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    np.testing.assert_allclose(decode_content(content, 16)[8, 8], [255, 0, 0], atol=12)


def test_a_gif_gives_its_first_frame():
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(decode_content(content, 16)[0, 0], [255, 0, 0])


@pytest.mark.parametrize("image_format", ["PNG", "TIFF"])
def test_a_16_bit_gradient_stays_a_gradient(image_format):
    gradient = np.tile(np.linspace(0, 65535, 16).astype(np.uint16), (16, 1))
    content = encoded(Image.fromarray(gradient), image_format)
    # 65535 / 257 = 255, so column i of 16 is about 255 * i / 15 = 17 * i.
    expected = np.broadcast_to((17 * np.arange(16))[None, :, None], (16, 16, 3))
    np.testing.assert_allclose(decode_content(content, 16), expected, atol=1)


def test_a_dark_16_bit_picture_is_not_brightened():
    content = encoded(Image.fromarray(np.full((16, 16), 257 * 3, np.uint16)), "PNG")
    np.testing.assert_array_equal(decode_content(content, 16), 3)


@pytest.mark.parametrize(
    ("values", "expected"),
    [(np.full((16, 16), 0.2, np.float32), 51), (np.full((16, 16), 70.0, np.float32), 70)],
)
def test_float_pictures_of_unit_or_byte_range_are_scaled_to_bytes(values, expected):
    content = encoded(Image.fromarray(values), "TIFF")
    np.testing.assert_array_equal(decode_content(content, 16), expected)


def test_a_float_picture_of_another_range_uses_the_whole_byte_range():
    values = np.linspace(-1000, 1000, 256).reshape(16, 16).astype(np.float32)
    decoded = decode_content(encoded(Image.fromarray(values), "TIFF"), 16)
    assert (decoded.min(), decoded.max()) == (0, 255)


def test_a_constant_float_picture_of_another_range_is_decoded():
    content = encoded(Image.fromarray(np.full((16, 16), -5, np.float32)), "TIFF")
    assert decode_content(content, 16).shape == (16, 16, 3)


@pytest.mark.parametrize("mode", ["L", "1", "P"])
def test_grey_black_and_white_and_palette_pictures_become_rgb(mode):
    content = encoded(Image.new("RGB", (16, 16), "white").convert(mode), "PNG")
    np.testing.assert_array_equal(decode_content(content, 16), 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_become_white(mode):
    content = encoded(Image.new("RGBA", (16, 16), (0, 0, 0, 0)).convert(mode), "PNG")
    np.testing.assert_array_equal(decode_content(content, 16), 255)


def test_half_transparent_black_on_white_is_grey():
    content = encoded(Image.new("RGBA", (16, 16), (0, 0, 0, 128)), "PNG")
    # 255 * (1 - 128 / 255) = 127
    np.testing.assert_allclose(decode_content(content, 16), 127, atol=1)


@pytest.mark.parametrize("mode", ["P", "RGB", "L"])
def test_a_transparent_colour_becomes_white(mode):
    pixels = np.zeros((16, 16), np.uint8)
    pixels[:8] = 1
    palette = Image.fromarray(pixels).convert("P")
    palette.putpalette([0, 0, 255, 200, 200, 200] + [0] * 762)
    picture = palette if mode == "P" else palette.convert("RGB").convert(mode)
    transparent = {"P": 0, "RGB": (0, 0, 255), "L": 29}[mode]
    decoded = decode_content(encoded(picture, "PNG", transparency=transparent), 16)
    np.testing.assert_array_equal(decoded[8:], 255)
    np.testing.assert_array_equal(decoded[:8], 200)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_exif_rotation_is_applied(image_format):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise: left becomes top
    decoded = decode_content(encoded(red_and_blue(), image_format, exif=exif), 32)
    assert decoded[4, 16].argmax() == 0
    assert decoded[28, 16].argmax() == 2


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_data_do_not_spoil_the_picture():
    content = encoded(red_and_blue(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    assert decode_content(content, 32)[4, 4].argmax() == 0


def test_crop_takes_the_centre_of_the_long_side():
    pixels = np.zeros((16, 48, 3), np.uint8)
    pixels[:, 16:32] = 255
    content = encoded(Image.fromarray(pixels), "PNG")
    np.testing.assert_array_equal(decode_content(content, 16, "crop"), 255)


def test_pad_shows_the_whole_picture_on_white():
    decoded = decode_content(encoded(Image.new("RGB", (40, 20)), "PNG"), 16, "pad")
    # 40 x 20 becomes 16 x 8, with (16 - 8) / 2 = 4 white rows above and below.
    np.testing.assert_array_equal(decoded[:4], 255)
    np.testing.assert_array_equal(decoded[4:12], 0)
    np.testing.assert_array_equal(decoded[12:], 255)


def test_pad_keeps_one_pixel_of_a_very_long_picture():
    decoded = decode_content(encoded(Image.new("RGB", (1000, 2)), "PNG"), 8, "pad")
    assert (decoded == 0).any()


def test_stretch_shows_the_whole_picture_without_white():
    decoded = decode_content(encoded(red_and_blue(64, 16), "PNG"), 16, "stretch")
    assert decoded[:, 0].argmax(-1).tolist() == [0] * 16
    assert decoded[:, -1].argmax(-1).tolist() == [2] * 16


@pytest.mark.parametrize("image_format", ["PNG", "JPEG"])
def test_shrinking_averages_fine_detail_instead_of_picking_pixels(image_format):
    checks = (np.indices((256, 256)).sum(0) % 2 * 255).astype(np.uint8)
    decoded = decode_content(encoded(Image.fromarray(checks), image_format, quality=100), 16)
    np.testing.assert_allclose(decoded, 127.5, atol=4)


def test_a_small_picture_is_enlarged():
    content = encoded(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG")
    np.testing.assert_array_equal(decode_content(content, 8)[3, 3], [9, 8, 7])


def test_a_picture_with_the_wrong_extension_is_decoded(tmp_path):
    path = tmp_path / "in_truth_png.jpg"
    path.write_bytes(encoded(Image.fromarray(noise()), "PNG"))
    np.testing.assert_array_equal(decode_picture(path, 16), noise())


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF"])
def test_a_truncated_file_is_unreadable(image_format):
    content = encoded(Image.fromarray(noise(64, 64)), image_format)
    with pytest.raises(UnreadablePicture):
        decode_content(content[: len(content) // 2], 16)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF"])
@pytest.mark.filterwarnings("ignore")
def test_damaged_bytes_give_a_picture_or_a_reason(image_format):
    good = np.frombuffer(encoded(Image.fromarray(noise(32, 32)), image_format), np.uint8)
    generator = np.random.default_rng(1)
    for _ in range(40):
        damaged = good.copy()
        damaged[generator.integers(0, min(len(good), 400), 6)] = generator.integers(0, 256, 6)
        try:
            assert decode_content(damaged.tobytes(), 16).shape == (16, 16, 3)
        except UnreadablePicture as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "the file is empty"), (b"hello", "not a picture in a known format")],
)
def test_files_that_are_no_pictures_are_told_apart(content, reason):
    with pytest.raises(UnreadablePicture, match=reason):
        decode_content(content, 16)


def test_a_missing_file_is_unreadable(tmp_path):
    with pytest.raises(UnreadablePicture, match="No such file"):
        decode_picture(tmp_path / "missing.png", 16)


def test_a_picture_of_too_many_pixels_is_unreadable(monkeypatch):
    monkeypatch.setattr(decode, "MAXIMUM_PIXELS", 255)
    with pytest.raises(UnreadablePicture, match="16 x 16 pixels, more than the accepted 255"):
        decode_content(encoded(Image.fromarray(noise()), "PNG"), 16)


def test_a_decompression_bomb_is_unreadable():
    content = encoded(Image.new("1", (20000, 20000)), "PNG")
    with pytest.raises(UnreadablePicture, match="pixels"):
        decode_content(content, 16)


def test_unknown_resize_mode_lists_the_accepted_ones():
    with pytest.raises(ValueError, match="`resize_mode` must be one of: crop, pad, stretch"):
        decode_content(b"", 16, "zoom")


def test_a_size_below_eight_is_refused():
    with pytest.raises(ValueError, match="`image_size` must be at least 8"):
        decode_content(b"", 7)


def test_a_region_is_cut_out_before_it_is_resized():
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[10:, 20:30] = 255
    content = encoded(Image.fromarray(pixels), "PNG")
    # Columns 20 to 30 of 40 and rows 10 to 20 of 20 are the white square.
    white = decode_content(content, 8, "stretch", region=(0.5, 0.5, 0.75, 1.0))
    np.testing.assert_array_equal(white, 255)


def test_a_region_is_of_the_upright_picture():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter: red, stored at the left, is shown at the top
    content = encoded(red_and_blue(), "PNG", exif=exif)
    np.testing.assert_array_equal(decode_content(content, 8, region=(0, 0, 1, 0.5))[:, :, 0], 255)


def test_a_small_region_of_a_large_jpeg_keeps_its_detail():
    checks = np.kron(np.indices((64, 64)).sum(0) % 2, np.ones((8, 8))).astype(np.uint8) * 255
    content = encoded(Image.fromarray(checks), "JPEG", quality=95)
    # An eighth of 512 pixels is 8 squares of 8 pixels; scaled down before, it would be grey.
    part = decode_content(content, 64, region=(0, 0, 0.125, 0.125))
    assert (np.abs(part.astype(int) - 127.5) > 100).mean() > 0.8


def test_a_region_of_less_than_a_pixel_is_one_pixel():
    content = encoded(red_and_blue(), "PNG")
    part = decode_content(content, 8, "stretch", region=(0.9999, 0.9999, 1.0, 1.0))
    np.testing.assert_array_equal(part, np.broadcast_to([0, 0, 255], (8, 8, 3)))


@pytest.mark.parametrize(
    "region", [(0, 0, 0, 1), (0.5, 0, 0.4, 1), (-0.1, 0, 1, 1), (0, 0, 1, 1.1), (float("nan"),) * 4]
)
def test_a_region_that_is_none_is_refused(region):
    with pytest.raises(ValueError, match="`region` must be"):
        decode_content(encoded(red_and_blue(), "PNG"), 8, region=region)


@pytest.mark.parametrize(("size", "expected"), [((400, 100), (20, 80, 3)), ((30, 20), (20, 30, 3))])
def test_a_whole_picture_keeps_its_shape_and_never_grows(size, expected):
    content = encoded(Image.new("RGB", size, "red"), "PNG")
    np.testing.assert_array_equal(
        decode.decode_whole(content, 80), np.broadcast_to([255, 0, 0], expected)
    )


def test_a_whole_picture_of_one_line_keeps_a_pixel():
    assert decode.decode_whole(encoded(Image.new("L", (900, 1)), "PNG"), 9).shape == (1, 9, 3)


def test_the_size_is_read_from_the_header_alone():
    content = encoded(Image.fromarray(noise(300, 200)), "PNG")
    assert decode.picture_size(content[:100]) == (200, 300)


@pytest.mark.parametrize("read", [decode.picture_size, lambda c: decode.decode_whole(c, 9)])
def test_what_is_no_picture_has_no_size_and_no_pixels(read):
    with pytest.raises(UnreadablePicture, match="not a picture in a known format"):
        read(b"hello")
    with pytest.raises(UnreadablePicture, match="pixels"):
        read(encoded(Image.new("1", (20000, 20000)), "PNG"))


def test_a_reader_that_stops_waits_for_little_of_what_was_to_be_decoded():
    tried = []

    def decode(number):
        tried.append(number)
        time.sleep(0.001)
        return number

    results = decode_many._in_parallel(range(100_000), decode, most_ahead=64)
    assert next(results) == 0
    results.close()
    # The chunks that the threads were at, of the 65 that waited.
    assert len(tried) <= 64 * (2 * (os.cpu_count() or 1) + 2)
