"""Random crop of random area and shape, resized, flipped and turned in the same resampling."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from simclr_tf.augment.plane_layer import from_planes, to_planes
from simclr_tf.augment.random_layer import RandomLayer, draw_uniform
from simclr_tf.augment.separable import apply_separable
from simclr_tf.checks import check_at_least, check_between, check_one_of, check_range
from simclr_tf.fusion import fused


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomResizedCrop(RandomLayer):
    """Cuts a random part out of each picture and resizes it to `size`.

    The area is uniform in `scale`, the aspect ratio log-uniform in `ratio`, the position uniform;
    a box longer than the picture is cut to its side (where torchvision draws again up to ten
    times: the same for square pictures unless the area is close to 1). Pixels beyond the border
    repeat the border. With `horizontal_flip`, the crop is mirrored in the same resampling, at no
    extra cost.

    Args:
        size: height and width of the result in pixels.
        scale: smallest and largest area as fractions of the picture's, within 0..1.
        ratio: smallest and largest aspect ratio, width / height.
        horizontal_flip: probability that the crop is mirrored left to right.
        interpolation: `"bilinear"` or `"bicubic"` (Keys, a = -0.5, as the SimCLR reference).
        seed: see `RandomLayer`.

    Input shape:
        `[batch, height, width, 3]`, uint8 or floating, 0..255.

    Output shape:
        `[batch, size, size, 3]`, float32, 0..255.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> views = RandomResizedCrop(32, scale=(0.2, 1.0), seed=0)(pictures)

    Reference:
        Szegedy et al. 2015, "Going deeper with convolutions"; SimCLR (2020), appendix A.
    """

    def __init__(
        self,
        size: int,
        scale: tuple[float, float] = (0.08, 1.0),
        ratio: tuple[float, float] = (3 / 4, 4 / 3),
        horizontal_flip: float = 0.0,
        interpolation: str = "bilinear",
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_at_least("size", size, 1)
        check_between("horizontal_flip", horizontal_flip, 0, 1)
        check_one_of("interpolation", interpolation, ["bilinear", "bicubic"])
        self.size = size
        self.scale = check_range("scale", scale, 0, 1)
        self.ratio = check_range("ratio", ratio, 1e-3, 1e3)
        self.horizontal_flip = horizontal_flip
        self.interpolation = interpolation

    def draw_boxes(self, seed: tf.Tensor, batch: tf.Tensor, aspect: tf.Tensor | float) -> tf.Tensor:
        """Returns float32 `[batch, 4]`: top, left, bottom, right as fractions of the picture.

        Where a crop is mirrored, left is greater than right. `aspect` is the picture's width /
        height: a box's own aspect ratio is counted in pixels.
        """
        area_seed, ratio_seed, top_seed, left_seed, flip_seed = tf.unstack(
            tf.random.split(seed, 5), num=5
        )
        area = draw_uniform(area_seed, [batch], *self.scale)
        ratio = tf.exp(draw_uniform(ratio_seed, [batch], *map(math.log, self.ratio))) / aspect
        height = tf.minimum(tf.sqrt(area / ratio), 1.0)
        width = tf.minimum(tf.sqrt(area * ratio), 1.0)
        top = draw_uniform(top_seed, [batch], 0.0, 1.0) * (1.0 - height)
        left = draw_uniform(left_seed, [batch], 0.0, 1.0) * (1.0 - width)
        flip = draw_uniform(flip_seed, [batch], 0.0, 1.0) < self.horizontal_flip
        right = left + width
        left, right = tf.where(flip, right, left), tf.where(flip, left, right)
        return tf.stack([top, left, top + height, right], axis=1)

    def transform(self, images, seed):
        batch, height, width, _ = tf.unstack(tf.shape(images))
        aspect = tf.cast(width, tf.float32) / tf.cast(height, tf.float32)
        boxes = self.draw_boxes(seed, batch, aspect)
        return resample_boxes(images, boxes, self.size, self.interpolation)

    def transform_at_rest(self, images):
        return resample_whole(images, self.size, self.interpolation)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.size, self.size, input_shape[3])

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "scale": self.scale,
            "ratio": self.ratio,
            "horizontal_flip": self.horizontal_flip,
            "interpolation": self.interpolation,
        }


def resample_boxes(
    images: tf.Tensor, boxes: tf.Tensor, size: int, interpolation: str = "bilinear"
) -> tf.Tensor:
    """Resamples one box of each picture to `size` × `size`, pixel centres at half-integers.

    Args:
        images: `[batch, height, width, channels]`, uint8 or floating.
        boxes: float32 `[batch, 4]`, top, left, bottom, right as fractions of the picture.
        size: height and width of the result.
        interpolation: `"bilinear"` or `"bicubic"`.

    Returns:
        float32 `[batch, size, size, channels]`, clipped to 0..255.
    """
    height, width = tf.shape(images)[1], tf.shape(images)[2]
    rows = _sample_positions(boxes[:, 0], boxes[:, 2], height, size)
    columns = _sample_positions(boxes[:, 1], boxes[:, 3], width, size)
    images = tf.cast(images, tf.float32)
    if interpolation == "bicubic":
        row_map = _cubic_map(rows, tf.range(tf.cast(height, tf.float32)))
        column_map = _cubic_map(columns, tf.range(tf.cast(width, tf.float32)))
        crops = from_planes(apply_separable(to_planes(images), row_map, column_map))
        return tf.clip_by_value(crops, 0.0, 255.0)
    return _bilinear_crops(images, rows, columns, size)


def resample_whole(images: tf.Tensor, size: int, interpolation: str = "bilinear") -> tf.Tensor:
    """Resamples whole pictures, see `resample_boxes`; those of that size stay as they are."""
    if images.shape[1:3] == (size, size):
        return tf.cast(images, tf.float32)
    whole = tf.tile([[0.0, 0.0, 1.0, 1.0]], [tf.shape(images)[0], 1])
    return resample_boxes(images, whole, size, interpolation)


def _sample_positions(start, end, length, size):
    """Where each new pixel's centre falls, in old pixels: float32 `[batch, size]`."""
    centres = (tf.range(size, dtype=tf.float32) + 0.5) / size
    along = start[:, None] + (end - start)[:, None] * centres
    return along * tf.cast(length, tf.float32) - 0.5


def _bilinear_crops(images, rows, columns, size):
    # crop_and_resize fills what lies outside with a constant: one repeated border pixel is what
    # half-pixel centres can reach. (`tf.pad` would take longer for it than the resampling.)
    padded = tf.concat([images[:, :1], images, images[:, -1:]], axis=1)
    padded = tf.concat([padded[:, :, :1], padded, padded[:, :, -1:]], axis=2)
    last_row = tf.cast(tf.shape(padded)[1] - 1, tf.float32)
    last_column = tf.cast(tf.shape(padded)[2] - 1, tf.float32)
    corners = tf.stack(
        [
            (rows[:, 0] + 1.0) / last_row,
            (columns[:, 0] + 1.0) / last_column,
            (rows[:, -1] + 1.0) / last_row,
            (columns[:, -1] + 1.0) / last_column,
        ],
        axis=1,
    )
    return tf.image.crop_and_resize(padded, corners, tf.range(tf.shape(images)[0]), [size, size])


@fused
def _cubic_map(positions, places):
    """Keys' cubic weights, border repeated: float32 `[batch, size, length]`."""
    positions, last = positions[..., None], places[-1]
    weights = _cubic(positions - places)
    # Two taps at most lie beyond either border, and count as the border's pixel.
    before = _cubic(positions + 1.0) + _cubic(positions + 2.0)
    after = _cubic(positions - last - 1.0) + _cubic(positions - last - 2.0)
    return weights + tf.where(places == 0.0, before, 0.0) + tf.where(places == last, after, 0.0)


def _cubic(offset):
    distance = tf.abs(offset)
    near = (1.5 * distance - 2.5) * distance * distance + 1.0
    far = ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
    return tf.where(distance <= 1.0, near, tf.where(distance < 2.0, far, 0.0))
