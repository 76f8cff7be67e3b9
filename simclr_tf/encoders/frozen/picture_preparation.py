"""Square pictures to the height, width and range of values that a model expects."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from simclr_tf.encoders.caffe_scaling import CaffeScaling
from simclr_tf.encoders.picture_scaling import PictureScaling

_WHITE = 255.0

_SCALE: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "none": lambda pictures: pictures,
    "zero_to_one": lambda pictures: pictures / 255.0,
    "minus_one_to_one": lambda pictures: pictures / 127.5 - 1.0,
    # Of FaceNet's and most other face networks' training code: not quite -1..1.
    "facenet": lambda pictures: (pictures - 127.5) / 128.0,
    "imagenet": lambda pictures: PictureScaling(0, dtype="float32")(pictures),
    "caffe": lambda pictures: CaffeScaling(0, dtype="float32")(pictures),
}


def scale_pictures(pictures: tf.Tensor, scaling: str) -> tf.Tensor:
    """Returns float32 pictures `[batch, height, width, 3]` of 0..255 in another range.

    Args:
        pictures: Red, green, blue.
        scaling: `"none"`; `"zero_to_one"`: x / 255; `"minus_one_to_one"`: x / 127.5 - 1;
            `"facenet"`: (x - 127.5) / 128; `"imagenet"`: see `PictureScaling`; `"caffe"`: see
            `CaffeScaling`.
    """
    return _SCALE[scaling](pictures)


def fit_pictures(pictures: tf.Tensor, height: int, width: int, resize_mode: str) -> tf.Tensor:
    """Returns float32 pictures `[batch, height, width, 3]`.

    Args:
        pictures: Square pictures float32 `[batch, size, size, 3]`, decoded in the same mode.
        height: In pixels.
        width: In pixels.
        resize_mode: `"stretch"`: a picture that was stretched to the square is stretched to the
            rectangle, so that one of the model's own proportions comes out as it was;
            `"crop"`: the part of the square's middle that has the proportions; `"pad"`: the
            whole square in the middle, white beside it.
    """
    if pictures.shape[1:3] == (height, width):
        return pictures
    if resize_mode == "crop":
        size = pictures.shape[1]
        largest = max(height, width)
        rows, columns = max(1, size * height // largest), max(1, size * width // largest)
        top, left = (size - rows) // 2, (size - columns) // 2
        return _resized(pictures[:, top : top + rows, left : left + columns], height, width)
    if resize_mode == "pad":
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        padding = [[0, 0], [top, height - side - top], [left, width - side - left], [0, 0]]
        return tf.pad(_resized(pictures, side, side), padding, constant_values=_WHITE)
    return _resized(pictures, height, width)


def _resized(pictures: tf.Tensor, height: int, width: int) -> tf.Tensor:
    if pictures.shape[1:3] == (height, width):
        return pictures
    return tf.image.resize(pictures, (height, width), antialias=True)
