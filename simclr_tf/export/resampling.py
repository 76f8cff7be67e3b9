"""Pictures to squares within a TensorFlow graph, with the pixels that training sees."""

from __future__ import annotations

import dataclasses
import math

import tensorflow as tf

# Reach of the Lanczos kernel in pixels of the smaller picture.
_SUPPORT = 3.0
# Whole pixels are averaged first while twice the wanted size is left.
_REDUCING_GAP = 2.0


def resize_to_square(pictures: tf.Tensor, image_size: int, resize_mode: str) -> tf.Tensor:
    """Resizes pictures as `simclr_tf.data.decode_picture` does.

    The steps are those of Pillow's `resize` with `LANCZOS` and `reducing_gap=2`: blocks of whole
    pixels are averaged, then rows and then columns are resampled, each rounded to 0..255. Pillow
    computes with fixed and this with floating point: a pixel at a tie may differ by 1. A square
    that has the wanted size passes through unchanged.

    Args:
        pictures: `[batch, height, width, 3]`, uint8 or floating, 0..255.
        image_size: side of the result in pixels.
        resize_mode: `"crop"`, `"pad"` or `"stretch"`, see `decode_picture`.

    Returns:
        float32 `[batch, image_size, image_size, 3]`, 0..255.
    """
    pictures = tf.cast(pictures, tf.float32)
    shape = tf.shape(pictures)
    is_square = tf.logical_and(shape[1] == image_size, shape[2] == image_size)
    resize = {"crop": _crop, "pad": _pad, "stretch": _stretch}[resize_mode]
    resized = tf.cond(is_square, lambda: pictures, lambda: resize(pictures, image_size))
    return tf.ensure_shape(resized, (None, image_size, image_size, 3))


@dataclasses.dataclass(frozen=True)
class _Side:
    """The part of one side of a picture, `start` to `stop`, that becomes `new` pixels.

    Scalar tensors: `length` and `new` int32, in pixels; `start` and `stop` float64.
    """

    length: tf.Tensor
    start: tf.Tensor
    stop: tf.Tensor
    new: tf.Tensor

    @property
    def scale(self) -> tf.Tensor:
        return (self.stop - self.start) / tf.cast(self.new, tf.float64)


def _crop(pictures, image_size):
    sides = tf.unstack(tf.shape(pictures)[1:3])
    shortest = tf.cast(tf.minimum(*sides), tf.float64)
    starts = [(tf.cast(side, tf.float64) - shortest) / 2.0 for side in sides]
    return _resample(
        pictures,
        *(
            _Side(side, start, start + shortest, tf.constant(image_size))
            for side, start in zip(sides, starts, strict=True)
        ),
    )


def _stretch(pictures, image_size):
    return _resample(
        pictures,
        *(_whole(side, tf.constant(image_size)) for side in tf.unstack(tf.shape(pictures)[1:3])),
    )


def _pad(pictures, image_size):
    sides = tf.unstack(tf.shape(pictures)[1:3])
    scale = image_size / tf.cast(tf.maximum(*sides), tf.float64)
    # Half to even, as Python's `round`.
    fitted = [tf.cast(tf.round(tf.cast(side, tf.float64) * scale), tf.int32) for side in sides]
    fitted = [tf.maximum(1, side) for side in fitted]
    resized = _resample(pictures, *map(_whole, sides, fitted))
    before = [(image_size - side) // 2 for side in fitted]
    after = [image_size - side - own for side, own in zip(fitted, before, strict=True)]
    paddings = [[0, 0], [before[0], after[0]], [before[1], after[1]], [0, 0]]
    return tf.pad(resized, paddings, constant_values=255.0)


def _whole(length: tf.Tensor, new: tf.Tensor) -> _Side:
    return _Side(length, tf.constant(0.0, tf.float64), tf.cast(length, tf.float64), new)


def _resample(pictures: tf.Tensor, height: _Side, width: _Side) -> tf.Tensor:
    sums, rows, height = _sum_blocks(pictures, height)
    sums, columns, width = _sum_blocks(tf.transpose(sums, [0, 2, 1, 3]), width)
    counts = columns[:, None] * rows[None, :]
    resampled = _resample_rows(_means(sums, counts[None, :, :, None]), width)
    return _resample_rows(tf.transpose(resampled, [0, 2, 1, 3]), height)


def _means(sums: tf.Tensor, counts: tf.Tensor) -> tf.Tensor:
    """Divides whole numbers as Pillow does: by a factor of 24 bits that is rounded down."""
    divisors = tf.cast(2.0**32 / tf.cast(256 * counts, tf.float32), tf.int64)
    halves = tf.cast(counts // 2, tf.int64)
    levels = (tf.cast(tf.round(sums), tf.int64) + halves) * divisors // 2**24
    return tf.cast(levels, tf.float32)


def _sum_blocks(pictures: tf.Tensor, side: _Side) -> tuple[tf.Tensor, tf.Tensor, _Side]:
    """Sums blocks of whole pixels along axis 1, in what the kernel reaches of it.

    Args:
        pictures: `[batch, length, columns, 3]`.
        side: what axis 1 becomes.

    Returns:
        Sums `[batch, blocks, columns, 3]`; pixels in each block, int32 `[blocks]`, of which the
        last may have fewer; and the side that is left to resample.
    """
    factor = tf.maximum(1, tf.cast(side.scale / _REDUCING_GAP, tf.int32))
    # Blocks begin where Pillow's do; without blocks any pixels that the kernel does not reach do.
    reach = _SUPPORT * tf.maximum(side.scale, 1.0)
    margin = tf.where(factor > 1, (_SUPPORT - 0.5) * side.scale, reach)
    first = tf.maximum(0, tf.cast(side.start - margin, tf.int32))
    last = tf.minimum(side.length, tf.cast(tf.math.ceil(side.stop + margin), tf.int32))
    blocks = (last - first + factor - 1) // factor
    part = tf.pad(
        pictures[:, first:last], [[0, 0], [0, blocks * factor - (last - first)], [0, 0], [0, 0]]
    )
    shape = tf.shape(part)
    sums = tf.reduce_sum(tf.reshape(part, [shape[0], blocks, factor, shape[2], 3]), axis=2)
    counts = tf.minimum(factor, last - first - factor * tf.range(blocks))
    offset, divisor = tf.cast(first, tf.float64), tf.cast(factor, tf.float64)
    left = _Side(blocks, (side.start - offset) / divisor, (side.stop - offset) / divisor, side.new)
    return sums, counts, left


def _resample_rows(pictures: tf.Tensor, side: _Side) -> tf.Tensor:
    """Resamples axis 1 of `[batch, rows, columns, 3]`."""
    shape = tf.shape(pictures)
    rows = tf.reshape(pictures, [shape[0], shape[1], -1])
    resampled = _to_levels(tf.matmul(_lanczos(side), rows))
    return tf.reshape(resampled, [shape[0], side.new, shape[2], 3])


def _to_levels(pictures: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(tf.floor(pictures + 0.5), 0.0, 255.0)


def _lanczos(side: _Side) -> tf.Tensor:
    """Returns the weight of each old pixel in each new one, float32 `[1, new, length]`."""
    stretch = tf.maximum(side.scale, 1.0)
    centres = side.start + (tf.range(side.new, dtype=tf.float64) + 0.5) * side.scale
    places = tf.range(side.length, dtype=tf.float64) + 0.5
    distances = (places[None, :] - centres[:, None]) / stretch
    weights = tf.where(
        tf.abs(distances) < _SUPPORT, _sinc(distances) * _sinc(distances / _SUPPORT), 0.0
    )
    weights /= tf.reduce_sum(weights, axis=1, keepdims=True)
    return tf.cast(weights, tf.float32)[None]


def _sinc(x: tf.Tensor) -> tf.Tensor:
    angle = math.pi * x
    return tf.where(x == 0, tf.ones_like(x), tf.math.divide_no_nan(tf.sin(angle), angle))
