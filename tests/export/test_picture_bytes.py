"""Decoding in the graph against the decoder of training."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from simclr_tf.data.decode import decode_content
from simclr_tf.export.picture_bytes import decode_to_square
from tests.export.conftest import pictures


def encoded(picture, form, **options):
    content = io.BytesIO()
    picture.save(content, form, **options)
    return content.getvalue()


def smooth(size):
    return Image.fromarray(pictures(1, size)[0])


def assert_as_in_training(content, size=16, mode="crop", levels=1):
    found = decode_to_square(tf.constant(content), size, mode).numpy()
    expected = decode_content(content, size, mode).astype(np.float32)
    assert np.abs(found - expected).max() <= levels


# 2 × 16 pixels fit 1, 2, 4 and 8 times into these sizes: the decoder's own shrinking.
@pytest.mark.parametrize("size", [16, 63, 64, 127, 128, 255, 256, 300])
def test_jpeg_is_shrunk_while_decoding_as_in_training(size):
    assert_as_in_training(encoded(smooth(size), "JPEG", quality=90), levels=2)


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1", "LA", "RGBA"])
def test_png_of_every_mode_is_decoded_as_in_training(mode):
    picture = smooth(40).convert(mode)
    if mode in ("LA", "RGBA"):
        picture.putalpha(
            Image.fromarray(np.arange(1600, dtype=np.uint32).astype(np.uint8).reshape(40, 40))
        )
    assert_as_in_training(encoded(picture, "PNG"))


@pytest.mark.parametrize("colours", [2, 4, 16, 200])
@pytest.mark.parametrize("transparent", [False, True])
def test_png_with_a_palette_of_any_depth_is_decoded_as_in_training(colours, transparent):
    picture = smooth(40).quantize(colours)
    options = {"transparency": 0} if transparent else {}
    assert_as_in_training(encoded(picture, "PNG", **options))


def test_grey_png_of_16_bits_is_scaled_to_8():
    levels = (np.arange(1600).reshape(40, 40) * 40).astype(np.uint16)
    assert_as_in_training(encoded(Image.fromarray(levels), "PNG"))


def test_grey_jpeg_becomes_colours():
    assert_as_in_training(encoded(smooth(40).convert("L"), "JPEG"), levels=2)


@pytest.mark.parametrize("mode", ["pad", "stretch"])
def test_the_other_ways_of_resizing_are_those_of_training_too(mode):
    wide = smooth(60).crop((0, 0, 60, 25))
    assert_as_in_training(encoded(wide, "PNG"), mode=mode)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\xff\xd8\xff but not a JPEG"])
def test_bytes_that_are_no_picture_are_an_error(content):
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode_to_square(tf.constant(content), 16, "crop")


@pytest.mark.real
@pytest.mark.parametrize("mode", ["crop", "pad", "stretch"])
def test_real_photographs_are_decoded_as_in_training(pictures_dir, mode):
    paths = [
        *sorted(pictures_dir.glob("intel_scenes/train/*/*.jpg"))[::400],
        *sorted(pictures_dir.glob("grocery/train/**/*.jpg"))[::100],
        *sorted(pictures_dir.glob("orl_faces/*/*.png"))[::100],
        *sorted(pictures_dir.glob("iso7010/*.png"))[::50],
        *sorted(pictures_dir.glob("pid_drawings/*.jpg")),
    ]
    differences = []
    for path in paths:
        content = path.read_bytes()
        found = decode_to_square(tf.constant(content), 32, mode).numpy()
        differences.append(np.abs(found - decode_content(content, 32, mode)))
    assert len(differences) > 20
    # Two builds of libjpeg: a level here and there.
    assert np.mean(differences) < 0.05
    assert np.max(differences) <= 3
