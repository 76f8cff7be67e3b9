"""Random crop that is also turned and slanted, in one resampling."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from simclr_tf.augment.random_layer import draw_uniform
from simclr_tf.augment.random_resized_crop import RandomResizedCrop
from simclr_tf.checks import check_at_least, check_between


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomAffineCrop(RandomResizedCrop):
    """Cuts a random part out of each picture, turned and slanted about its centre.

    The box is drawn as by `RandomResizedCrop`; angle and shear are uniform and independent of it.
    What lies beyond the picture's border is its mirror image. Bilinear.

    Args:
        size: height and width of the result in pixels.
        rotation: largest angle either way, degrees within 0..180.
        shear: largest slant either way: how far a line across the box leans, as a fraction of its
            length, at least 0.
        scale: smallest and largest area as fractions of the picture's, within 0..1.
        ratio: smallest and largest aspect ratio, width / height.
        horizontal_flip: probability that the crop is mirrored left to right.
        seed: see `RandomLayer`.

    Input shape:
        `[batch, height, width, 3]`, uint8 or floating, 0..255.

    Output shape:
        `[batch, size, size, 3]`, float32, 0..255.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> views = RandomAffineCrop(24, rotation=12, shear=0.1, scale=(0.4, 1.0))(pictures)
    """

    def __init__(
        self,
        size: int,
        rotation: float = 0.0,
        shear: float = 0.0,
        scale: tuple[float, float] = (0.08, 1.0),
        ratio: tuple[float, float] = (3 / 4, 4 / 3),
        horizontal_flip: float = 0.0,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(size, scale, ratio, horizontal_flip, seed=seed, **kwargs)
        check_between("rotation", rotation, 0, 180)
        check_at_least("shear", shear, 0)
        self.rotation = rotation
        self.shear = shear

    def transform(self, images, seed):
        box_seed, angle_seed, shear_seed = tf.unstack(tf.random.split(seed, 3), num=3)
        batch, height, width, _ = tf.unstack(tf.shape(images))
        aspect = tf.cast(width, tf.float32) / tf.cast(height, tf.float32)
        boxes = self.draw_boxes(box_seed, batch, aspect)
        largest_angle = self.rotation * math.pi / 180
        angles = draw_uniform(angle_seed, [batch], -largest_angle, largest_angle)
        shears = draw_uniform(shear_seed, [batch], -self.shear, self.shear)
        return resample_affine(images, boxes, angles, shears, self.size)

    def get_config(self):
        config = {**super().get_config(), "rotation": self.rotation, "shear": self.shear}
        del config["interpolation"]
        return config


def resample_affine(
    images: tf.Tensor,
    boxes: tf.Tensor,
    angles: tf.Tensor,
    shears: tf.Tensor,
    size: int,
    fill_mode: str = "REFLECT",
) -> tf.Tensor:
    """Resamples one turned and slanted box of each picture to `size` × `size`.

    With (u, v) the offset of a new pixel from the box's centre, in old pixels along the box's
    sides, it is taken at x = centre + u·cos(a) + v·(s − sin(a)), y = centre + u·sin(a) + v·cos(a).

    Args:
        images: `[batch, height, width, channels]`, uint8 or floating.
        boxes: float32 `[batch, 4]`, top, left, bottom, right as fractions of the picture.
        angles: float32 `[batch]`, a, in radians.
        shears: float32 `[batch]`, s.
        size: height and width of the result.
        fill_mode: what lies beyond the picture: `"REFLECT"`, its mirror image, or `"CONSTANT"`, 0.

    Returns:
        float32 `[batch, size, size, channels]`.
    """
    height, width = tf.unstack(tf.cast(tf.shape(images)[1:3], tf.float32))
    top, left, bottom, right = tf.unstack(boxes, axis=1)
    across, down = (right - left) * width / size, (bottom - top) * height / size
    cos, sin = tf.cos(angles), tf.sin(angles)
    x_by_column, x_by_row = cos * across, (shears - sin) * down
    y_by_column, y_by_row = sin * across, cos * down
    # The centre of pixel number i is at i + 1/2, in the old picture as in the new one.
    middle = (size - 1) / 2
    x_first = (left + right) / 2 * width - 0.5 - (x_by_column + x_by_row) * middle
    y_first = (top + bottom) / 2 * height - 0.5 - (y_by_column + y_by_row) * middle
    none = tf.zeros_like(angles)
    crops = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32),
        transforms=tf.stack(
            [x_by_column, x_by_row, x_first, y_by_column, y_by_row, y_first, none, none], axis=1
        ),
        output_shape=[size, size],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode=fill_mode,
    )
    return tf.ensure_shape(crops, [None, size, size, images.shape[3]])
