"""Straight strokes that run into each picture from its border, as neighbouring lines do."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from simclr_tf.augment.drawing_colours import contrast, ink_colours, paper_colours
from simclr_tf.augment.random_layer import (
    RandomLayer,
    apply_to_chosen,
    draw_chosen,
    draw_uniform,
)
from simclr_tf.checks import check_between, check_range
from simclr_tf.distribution.replicas import draw_for_own_rows


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomBorderStrokes(RandomLayer):
    """Draws a few straight strokes of each picture's own ink from its border inwards.

    A stroke begins anywhere on the border, uniform on each side. Half of the strokes, walls and
    pipes mostly, stand at right angles to their side, the others lean. Ink that is there already
    is not made fainter, and a blank picture, which has no ink, stays blank.

    Args:
        count: fewest and most strokes of a picture, whole numbers within 0..16.
        length: shortest and longest stroke as shares of the picture's shorter side, within 0..2.
        width: thinnest and thickest stroke in pixels, within 0..64.
        lean: largest angle to the perpendicular of the side, degrees within 0..90.
        opacity: least and most of the ink's contrast that the strokes have, within 0..1.
        probability: share of the pictures that get strokes, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> crossed = RandomBorderStrokes(count=(1, 3), width=(1.0, 2.0), seed=0)(pictures)
    """

    def __init__(
        self,
        count: tuple[int, int] = (1, 3),
        length: tuple[float, float] = (0.1, 0.4),
        width: tuple[float, float] = (1.0, 2.0),
        lean: float = 60.0,
        opacity: tuple[float, float] = (0.6, 1.0),
        probability: float = 0.5,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        fewest, most = check_range("count", count, 0, 16)
        self.count = (int(fewest), int(most))
        self.length = check_range("length", length, 0, 2)
        self.width = check_range("width", width, 0, 64)
        check_between("lean", lean, 0, 90)
        self.lean = lean
        self.opacity = check_range("opacity", opacity, 0, 1)
        check_between("probability", probability, 0, 1)
        self.probability = probability

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        batch = tf.shape(images)[0]
        chosen_seed, stroke_seed, opacity_seed = tf.unstack(tf.random.split(seed, 3), num=3)
        strokes = self.draw_strokes(stroke_seed, images)
        opacity = draw_uniform(opacity_seed, [batch], *self.opacity)[:, None, None]

        def draw(rows, numbers):
            covered = stroke_coverage(tf.gather(strokes, numbers), rows)
            return draw_ink(rows, tf.gather(opacity, numbers) * covered)

        return apply_to_chosen(images, draw_chosen(chosen_seed, batch, self.probability), draw)

    def draw_strokes(self, seed: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        """Returns float32 `[batch, most, 5]`: x, y of both ends and the width, all in pixels.

        Strokes beyond the number drawn for a picture have the width -1.
        """
        batch, height, width, _ = tf.unstack(tf.shape(images))
        sides = tf.cast(tf.stack([width, height]), tf.float32)
        fewest, most = self.count
        count_seed, width_seed, place_seed = tf.unstack(tf.random.split(seed, 3), num=3)
        count = tf.floor(draw_uniform(count_seed, [batch, 1], fewest, most + 1))
        widths = draw_uniform(width_seed, [batch, most], *self.width)
        widths = tf.where(tf.range(most, dtype=tf.float32) < count, widths, -1.0)
        draws = draw_for_own_rows(
            lambda whole: tf.random.stateless_uniform(whole, place_seed), [5, batch, most], axis=1
        )
        along, side, leans, angle, length = tf.unstack(draws)
        # 0 is the left side, 1 the right one, 2 the top and 3 the bottom.
        side = tf.minimum(tf.floor(4.0 * side), 3.0)
        far = (side % 2.0)[..., None]
        across = tf.where(side[..., None] < 2.0, [0.0, 1.0], [1.0, 0.0])
        starts = sides * (across * along[..., None] + (1.0 - across) * far)
        angle = tf.where(leans < 0.5, (2.0 * angle - 1.0) * self.lean * math.pi / 180, 0.0)
        inwards = (1.0 - across) * (1.0 - 2.0 * far)
        direction = tf.cos(angle)[..., None] * inwards + tf.sin(angle)[..., None] * across
        shortest, longest = self.length
        length = (shortest + (longest - shortest) * length) * tf.reduce_min(sides)
        ends = starts + length[..., None] * direction
        return tf.concat([starts, ends, widths[..., None]], axis=2)

    def get_config(self):
        return {
            **super().get_config(),
            "count": self.count,
            "length": self.length,
            "width": self.width,
            "lean": self.lean,
            "opacity": self.opacity,
            "probability": self.probability,
        }


def stroke_coverage(strokes: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """Returns float32 `[batch, height, width]`: how much of each pixel strokes cover, 0..1.

    That is half the width of a stroke less the distance of the pixel's centre to its middle line,
    plus a half; where strokes cross, the most of them.

    Args:
        strokes: float32 `[batch, most, 5]`: x, y of both ends and the width in pixels; the centre
            of pixel number i is at i + 1/2. A width of -1 is no stroke.
        images: `[batch, height, width, channels]`, for their size.
    """
    batch, height, width, _ = tf.unstack(tf.shape(images))
    columns = tf.range(tf.cast(width, tf.float32))[None, :] + 0.5
    rows = tf.range(tf.cast(height, tf.float32))[:, None] + 0.5
    covered = tf.zeros([batch, height, width])
    for stroke in tf.unstack(strokes, axis=1):
        x, y, end_x, end_y, widths = tf.unstack(stroke[:, :, None, None], axis=1)
        along_x, along_y = end_x - x, end_y - y
        length = tf.maximum(tf.square(along_x) + tf.square(along_y), 1e-6)
        place = ((columns - x) * along_x + (rows - y) * along_y) / length
        place = tf.clip_by_value(place, 0.0, 1.0)
        distance = tf.sqrt(
            tf.square(columns - x - place * along_x) + tf.square(rows - y - place * along_y)
        )
        covered = tf.maximum(covered, widths / 2.0 + 0.5 - distance)
    return tf.minimum(covered, 1.0)


def draw_ink(images: tf.Tensor, covered: tf.Tensor) -> tf.Tensor:
    """Blends float32 `[batch, height, width, channels]` with its ink where `covered` says so.

    Args:
        images: the pictures.
        covered: float32 `[batch, height, width]`, 0..1.
    """
    paper = paper_colours(images)
    ink = ink_colours(images, paper)[:, None, None]
    drawn = tf.clip_by_value(images + covered[..., None] * (ink - images), 0.0, 255.0)
    return tf.where(contrast(drawn, paper) > contrast(images, paper), drawn, images)
