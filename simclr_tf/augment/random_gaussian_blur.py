"""Gaussian blur with a width drawn for each picture."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.plane_layer import PlaneLayer
from simclr_tf.augment.random_layer import apply_to_chosen, draw_chosen, draw_uniform
from simclr_tf.augment.separable import apply_separable
from simclr_tf.checks import check_between, check_range
from simclr_tf.fusion import fused


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomGaussianBlur(PlaneLayer):
    """Blurs a share of the pictures with a Gaussian whose standard deviation is drawn per picture.

    The kernel spans the whole picture, is normalised to sum 1, and the picture is mirrored at its
    border. Only the pictures that drew the blur are computed.

    Args:
        sigma: smallest and largest standard deviation in pixels (not a radius).
        probability: share of the pictures that are blurred, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> blurred = RandomGaussianBlur(sigma=(0.1, 2.0), probability=0.5, seed=0)(pictures)

    Reference:
        SimCLR (Chen et al. 2020), appendix A: sigma in [0.1, 2.0] at 224 pixels, probability 0.5.
    """

    def __init__(
        self,
        sigma: tuple[float, float] = (0.1, 2.0),
        probability: float = 0.5,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.sigma = check_range("sigma", sigma, 0, 1e3)
        check_between("probability", probability, 0, 1)
        self.probability = probability

    def transform_planes(self, planes, seed):
        batch, _, height, width = tf.unstack(tf.shape(planes))
        chosen_seed, sigma_seed = tf.unstack(tf.random.split(seed, 2), num=2)
        maps = blur_maps(draw_uniform(sigma_seed, [batch], *self.sigma), height, width)
        return apply_to_chosen(
            planes,
            draw_chosen(chosen_seed, batch, self.probability),
            lambda rows, numbers: blur(rows, *(tf.gather(along, numbers) for along in maps)),
        )

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma, "probability": self.probability}


def blur(planes: tf.Tensor, row_map: tf.Tensor, column_map: tf.Tensor) -> tf.Tensor:
    """Blurs float32 `[batch, channels, height, width]` by what `blur_maps` returns."""
    blurred = apply_separable(planes, row_map, column_map)
    return tf.clip_by_value(tf.ensure_shape(blurred, planes.shape), 0.0, 255.0)


def blur_maps(
    sigma: tf.Tensor, height: tf.Tensor | int, width: tf.Tensor | int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the weights along rows and columns for `sigma` `[batch]`, in pixels."""
    rows = _blur_map(sigma, tf.range(tf.cast(height, tf.float32)))
    return rows, _blur_map(sigma, tf.range(tf.cast(width, tf.float32)))


@fused
def _blur_map(sigma, places):
    """Gaussian weights `[batch, length, length]` with the border mirrored (…2 1 0 | 0 1 2…)."""
    new = places[:, None]
    precision = 0.5 / tf.square(tf.maximum(sigma, 1e-3))[:, None, None]
    last = places[-1]
    mirrored = (places, -1.0 - places, 2.0 * last + 1.0 - places)
    weights = sum(tf.exp(-precision * tf.square(new - place)) for place in mirrored)
    return weights / tf.reduce_sum(weights, axis=-1, keepdims=True)
