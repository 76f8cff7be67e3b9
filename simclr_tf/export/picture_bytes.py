"""Encoded pictures to squares within a TensorFlow graph, with the pixels that training sees."""

from __future__ import annotations

import tensorflow as tf

from simclr_tf.export.resampling import resize_to_square

# libjpeg decodes to these fractions of the size at no cost.
_JPEG_RATIOS = (1, 2, 4, 8)
# Where a PNG file says how many bits a value has.
_PNG_DEPTH = 24


def decode_to_square(content: tf.Tensor, image_size: int, resize_mode: str) -> tf.Tensor:
    """Returns the picture in the bytes of a JPEG or PNG file, as `decode_picture` does.

    Grey, palette, 16-bit and transparent pictures become RGB (transparency on white). The
    rotation that EXIF data asks for is not applied.

    Args:
        content: string scalar.
        image_size: side of the result in pixels.
        resize_mode: `"crop"`, `"pad"` or `"stretch"`.

    Returns:
        float32 `[image_size, image_size, 3]`, 0..255.
    """
    pixels = tf.cond(
        tf.io.is_jpeg(content), lambda: _jpeg(content, image_size), lambda: _png(content)
    )
    return resize_to_square(pixels[None], image_size, resize_mode)[0]


def _jpeg(content: tf.Tensor, image_size: int) -> tf.Tensor:
    # Twice the wanted size is left, as in `decode_picture`.
    times = tf.reduce_min(tf.io.extract_jpeg_shape(content)[:2] // (2 * image_size))
    branch = tf.reduce_sum(tf.cast(times >= _JPEG_RATIOS[1:], tf.int32))
    return tf.cast(
        tf.switch_case(
            branch,
            [lambda ratio=ratio: _jpeg_at(content, ratio) for ratio in _JPEG_RATIOS],
        ),
        tf.float32,
    )


def _jpeg_at(content: tf.Tensor, ratio: int) -> tf.Tensor:
    return tf.io.decode_jpeg(content, channels=3, ratio=ratio, dct_method="INTEGER_ACCURATE")


def _png(content: tf.Tensor) -> tf.Tensor:
    pixels = tf.cast(tf.io.decode_png(content, channels=4), tf.float32)
    colours, opacity = pixels[..., :3], _opacity(content, pixels[..., 3:])
    return tf.floor(colours * opacity + 255.0 * (1.0 - opacity) + 0.5)


def _opacity(content: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
    """Returns 0..1 of the alpha that TensorFlow gives.

    For an opaque picture it gives the largest value of the file's own depth, 1, 3 or 15 where a
    pixel has 1, 2 or 4 bits.
    """
    depth = tf.io.decode_raw(tf.strings.substr(content, _PNG_DEPTH, 1), tf.uint8)[0]
    largest = 2.0 ** tf.cast(tf.minimum(depth, 8), tf.float32) - 1.0
    return tf.where(tf.reduce_all(alpha == largest), 1.0, alpha / 255.0)
