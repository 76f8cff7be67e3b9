"""What JPEG compression leaves of a picture, at a quality drawn for each one."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.augment.random_layer import (
    RandomLayer,
    apply_to_chosen,
    draw_chosen,
    draw_uniform,
)
from simclr_tf.checks import check_between, check_range

# Annex K of the standard, tables K.1 (luminance) and K.2 (chrominance).
_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *(((99,) * 8,) * 4),
)
# Red, green and blue to luminance and the two differences, as JFIF has it.
_TO_LUMINANCE = (
    (0.299, -0.168735892, 0.5),
    (0.587, -0.331264108, -0.418687589),
    (0.114, 0.5, -0.081312411),
)


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomJpegArtifacts(RandomLayer):
    """Quantises the cosine transform of 8 × 8 blocks as JPEG does, without its file.

    Everything of baseline JPEG that changes pixels, but for the halved resolution of the colours:
    as Pillow's `quality` with `subsampling=0`, up to rounding. Runs in the graph on whole batches.

    Args:
        quality: lowest and highest quality in the sense of libjpeg, within 1..100.
        probability: share of the pictures that are compressed, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> compressed = RandomJpegArtifacts(quality=(30, 95), probability=0.5, seed=0)(pictures)

    Reference:
        ITU-T T.81 (1992), annexes A.3 and K; the quality is libjpeg's scaling of its tables.
    """

    def __init__(
        self,
        quality: tuple[float, float] = (30, 95),
        probability: float = 0.5,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.quality = check_range("quality", quality, 1, 100)
        check_between("probability", probability, 0, 1)
        self.probability = probability

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        batch = tf.shape(images)[0]
        chosen_seed, quality_seed = tf.unstack(tf.random.split(seed, 2), num=2)
        quality = tf.round(draw_uniform(quality_seed, [batch], *self.quality))
        return apply_to_chosen(
            images,
            draw_chosen(chosen_seed, batch, self.probability),
            lambda rows, numbers: compress(rows, tf.gather(quality, numbers)),
        )

    def get_config(self):
        return {**super().get_config(), "quality": self.quality, "probability": self.probability}


def compress(images: tf.Tensor, quality: tf.Tensor) -> tf.Tensor:
    """Returns float32 `[batch, height, width, 3]` as it comes back from JPEG.

    Args:
        images: float32 `[batch, height, width, 3]`, 0..255.
        quality: whole numbers as float32 `[batch]`, 1..100.
    """
    batch, height, width, _ = tf.unstack(tf.shape(images))
    # Blocks that reach beyond the picture repeat its last row and column, as libjpeg does.
    rows = tf.minimum(tf.range((height + 7) // 8 * 8), height - 1)
    columns = tf.minimum(tf.range((width + 7) // 8 * 8), width - 1)
    padded = tf.gather(tf.gather(tf.round(images), rows, axis=1), columns, axis=2)
    colours = tf.constant(_TO_LUMINANCE)
    levels = tf.round(tf.matmul(padded, colours)) - tf.constant([128.0, 0.0, 0.0])
    size = tf.shape(levels)
    blocks = tf.reshape(levels, [batch, size[1] // 8, 8, size[2] // 8, 8, 3])
    cosines = tf.constant(_cosines())
    steps = quantisation_steps(quality)[:, None, :, None]
    waves = tf.einsum("ui,byixjc->byuxjc", cosines, blocks)
    waves = tf.einsum("vj,byuxjc->byuxvc", cosines, waves)
    waves = tf.round(waves / steps) * steps
    blocks = tf.einsum("ui,byuxvc->byixvc", cosines, waves)
    blocks = tf.einsum("vj,byixvc->byixjc", cosines, blocks)
    levels = tf.reshape(blocks, size)
    levels = tf.round(levels) + tf.constant([128.0, 0.0, 0.0])
    back = tf.constant(np.linalg.inv(_TO_LUMINANCE).astype(np.float32))
    restored = tf.round(tf.matmul(levels, back))[:, :height, :width]
    return tf.clip_by_value(tf.ensure_shape(restored, images.shape), 0.0, 255.0)


def quantisation_steps(quality: tf.Tensor) -> tf.Tensor:
    """Returns the step of each wave and channel, float32 `[batch, 8, 8, 3]`, as libjpeg's.

    Args:
        quality: whole numbers as float32 `[batch]`, 1..100.
    """
    tables = tf.constant([_LUMINANCE, _CHROMINANCE, _CHROMINANCE], tf.float32)
    scale = tf.where(quality < 50, tf.floor(5000.0 / quality), 200.0 - 2.0 * quality)
    scaled = tf.floor((tf.transpose(tables, [1, 2, 0]) * scale[:, None, None, None] + 50.0) / 100.0)
    return tf.clip_by_value(scaled, 1.0, 255.0)


def _cosines() -> np.ndarray:
    """The orthonormal cosine transform of 8 values, `[wave, place]`."""
    wave, place = np.arange(8)[:, None], np.arange(8)[None, :]
    matrix = np.cos((2 * place + 1) * wave * np.pi / 16) / 2
    matrix[0] /= np.sqrt(2)
    return matrix.astype(np.float32)
