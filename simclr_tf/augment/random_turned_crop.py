"""Random crop for drawings: turned by quarters and a free angle, on paper of its own colour."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from simclr_tf.augment.drawing_colours import paper_colours
from simclr_tf.augment.random_affine_crop import resample_affine
from simclr_tf.augment.random_layer import RandomLayer, draw_chosen, draw_uniform
from simclr_tf.augment.random_resized_crop import resample_whole
from simclr_tf.checks import check_at_least, check_between, check_range


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomTurnedCrop(RandomLayer):
    """Cuts a box out of each picture, turned at random, and shows paper where the picture ends.

    The box has `scale` times the picture's sides (log-uniform; above 1 the picture shrinks), its
    height and width differ by a log-uniform `ratio`, and its centre lies up to `shift` off the
    picture's. Paper has the colour that the picture's border mostly has, so that a turned crop
    has no black corners. For square pictures: a box that is turned by a quarter keeps its shape.

    Args:
        size: height and width of the result in pixels.
        scale: smallest and largest side of the box as fractions of the picture's, within .05..20.
        ratio: smallest and largest width / height of the box, over that of the picture.
        shift: how far the centre may be off, as a fraction of the picture's sides, 0..1.
        rotation: largest free angle either way, degrees within 0..180.
        quarter_turns: share of the pictures that are turned by 0, 90, 180 or 270 degrees, each
            equally often, 0..1.
        fill: value of what lies beyond the picture, 0..255; `None` takes the paper's colour.
        seed: see `RandomLayer`.

    Input shape:
        `[batch, height, width, 3]`, uint8 or floating, 0..255.

    Output shape:
        `[batch, size, size, 3]`, float32, 0..255.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> views = RandomTurnedCrop(64, scale=(0.8, 1.25), rotation=8, seed=0)(crops)
    """

    def __init__(
        self,
        size: int,
        scale: tuple[float, float] = (0.8, 1.25),
        ratio: tuple[float, float] = (0.9, 1 / 0.9),
        shift: float = 0.08,
        rotation: float = 8.0,
        quarter_turns: float = 1.0,
        fill: float | None = None,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_at_least("size", size, 1)
        self.size = size
        self.scale = check_range("scale", scale, 0.05, 20)
        self.ratio = check_range("ratio", ratio, 1e-3, 1e3)
        check_between("shift", shift, 0, 1)
        check_between("rotation", rotation, 0, 180)
        check_between("quarter_turns", quarter_turns, 0, 1)
        if fill is not None:
            check_between("fill", fill, 0, 255)
        self.shift = shift
        self.rotation = rotation
        self.quarter_turns = quarter_turns
        self.fill = fill

    def draw_boxes(self, seed: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
        """Returns float32 `[batch, 4]`: top, left, bottom, right as fractions of the picture."""
        scale_seed, ratio_seed, shift_seed = tf.unstack(tf.random.split(seed, 3), num=3)
        scale = tf.exp(draw_uniform(scale_seed, [batch], *map(math.log, self.scale)))
        stretch = tf.exp(draw_uniform(ratio_seed, [batch], *map(math.log, self.ratio)) / 2.0)
        half = tf.stack([scale / stretch, scale * stretch], axis=1) / 2.0
        centres = 0.5 + draw_uniform(shift_seed, [batch, 2], -self.shift, self.shift)
        return tf.concat([centres - half, centres + half], axis=1)

    def draw_angles(self, seed: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
        """Returns float32 `[batch]` in radians."""
        free_seed, chosen_seed, turn_seed = tf.unstack(tf.random.split(seed, 3), num=3)
        largest = self.rotation * math.pi / 180
        free = draw_uniform(free_seed, [batch], -largest, largest)
        turns = tf.minimum(tf.floor(draw_uniform(turn_seed, [batch], 0.0, 4.0)), 3.0)
        turned = draw_chosen(chosen_seed, batch, self.quarter_turns)
        return free + tf.where(turned, turns * (math.pi / 2), 0.0)

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        batch = tf.shape(images)[0]
        box_seed, angle_seed = tf.unstack(tf.random.split(seed, 2), num=2)
        paper: float | tf.Tensor | None = self.fill
        if paper is None:
            paper = paper_colours(images)[:, None, None]
        # Resampled as the difference to paper, which is the 0 that lies beyond the border.
        crops = resample_affine(
            images - paper,
            self.draw_boxes(box_seed, batch),
            self.draw_angles(angle_seed, batch),
            tf.zeros([batch]),
            self.size,
            fill_mode="CONSTANT",
        )
        return tf.clip_by_value(crops + paper, 0.0, 255.0)

    def transform_at_rest(self, images):
        return resample_whole(images, self.size)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.size, self.size, input_shape[3])

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "scale": self.scale,
            "ratio": self.ratio,
            "shift": self.shift,
            "rotation": self.rotation,
            "quarter_turns": self.quarter_turns,
            "fill": self.fill,
        }
