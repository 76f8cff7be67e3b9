"""Brightness, contrast, saturation and hue changed per picture, in random order."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.luma import LUMA
from simclr_tf.augment.plane_layer import PlaneLayer
from simclr_tf.augment.random_layer import draw_chosen, draw_uniform, draw_unit
from simclr_tf.checks import check_at_least, check_between
from simclr_tf.fusion import fused

_BRIGHTNESS, _CONTRAST, _SATURATION, _HUE = range(4)


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomColorJitter(PlaneLayer):
    """Changes brightness, contrast, saturation and hue, in an order drawn for each picture.

    Each change is a blend, as in torchvision: brightness multiplies by f; contrast blends with the
    mean of the picture's grey, saturation with the grey picture: f·x + (1−f)·other; hue turns the
    HSV colour circle. f is uniform in [max(0, 1−strength), 1+strength], the turn in [−hue, hue].
    Values are clipped to 0..255 after every change. All four strengths 0 leave a picture as it is.

    Args:
        brightness: strength, at least 0.
        contrast: strength, at least 0.
        saturation: strength, at least 0.
        hue: largest turn as a fraction of the full circle, 0..0.5.
        probability: share of the pictures that are changed, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> jittered = RandomColorJitter(0.4, 0.4, 0.4, 0.1, probability=0.8, seed=0)(pictures)

    Reference:
        SimCLR (Chen et al. 2020), appendix A; clipping and order as in the reference code.
    """

    def __init__(
        self,
        brightness: float = 0.4,
        contrast: float = 0.4,
        saturation: float = 0.4,
        hue: float = 0.1,
        probability: float = 0.8,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_at_least("brightness", brightness, 0)
        check_at_least("contrast", contrast, 0)
        check_at_least("saturation", saturation, 0)
        check_between("hue", hue, 0, 0.5)
        check_between("probability", probability, 0, 1)
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue
        self.probability = probability

    def draw(self, seed: tf.Tensor, batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Draws what happens to each picture.

        Returns:
            factors: float32 `[batch, 3]`, of brightness, contrast and saturation.
            turns: float32 `[batch]`, fractions of the colour circle.
            order: int32 `[batch, operations]`, those of a strength above 0 in the order of their
                application: 0 brightness, 1 contrast, 2 saturation, 3 hue.
        """
        seeds = tf.unstack(tf.random.split(seed, 6), num=6)
        strengths = (self.brightness, self.contrast, self.saturation)
        factors = tf.stack(
            [
                draw_uniform(factor_seed, [batch], max(0.0, 1 - strength), 1 + strength)
                for factor_seed, strength in zip(seeds, strengths, strict=False)
            ],
            axis=1,
        )
        turns = draw_uniform(seeds[3], [batch], -self.hue, self.hue)
        active = [number for number, strength in enumerate((*strengths, self.hue)) if strength > 0]
        priorities = draw_unit(seeds[4], [batch, 4])
        places = tf.constant(active, tf.int32)
        order = tf.argsort(tf.gather(priorities, places, axis=1), axis=1)
        order = tf.gather(places, order)
        chosen = draw_chosen(seeds[5], batch, self.probability)
        factors = tf.where(chosen[:, None], factors, 1.0)
        return factors, tf.where(chosen, turns, 0.0), order

    def transform_planes(self, planes, seed):
        factors, turns, order = self.draw(seed, tf.shape(planes)[0])
        return jitter_colors(planes, factors, turns if self.hue > 0 else None, order)

    def get_config(self):
        return {
            **super().get_config(),
            "brightness": self.brightness,
            "contrast": self.contrast,
            "saturation": self.saturation,
            "hue": self.hue,
            "probability": self.probability,
        }


def jitter_colors(
    planes: tf.Tensor, factors: tf.Tensor, turns: tf.Tensor | None, order: tf.Tensor
) -> tf.Tensor:
    """Applies drawn colour changes; the last three arguments are as `draw` returns them.

    Brightness, contrast and saturation share one form, a·x + b·grey + c·mean(grey). So each place
    in the order is one pass over memory, in which every picture takes the change it drew.

    Args:
        planes: float32 `[batch, 3, height, width]`, 0..255.
        factors: float32 `[batch, 3]`.
        turns: float32 `[batch]`, or `None` when no picture's hue is turned.
        order: int32 `[batch, operations]`: different ones of 0..3 in every row, the same in all.

    Returns:
        float32 `[batch, 3, height, width]`.
    """
    for place in range(order.shape[1]):
        means = tf.tensordot(tf.reduce_mean(planes, axis=[2, 3]), tf.constant(LUMA), 1)
        blends = _blends(factors, means, order[:, place])
        if turns is None:
            planes = _blend(planes, *blends)
        else:
            planes = _blend_or_turn(planes, *blends, turns, order[:, place] == _HUE)
    return planes


def _blends(factors, means, operation):
    """What each picture's operation makes of it: `[batch]` shares of itself, of grey, and added."""
    brightness, contrast, saturation = tf.unstack(factors, axis=1)
    of_grey = tf.where(operation == _SATURATION, 1.0 - saturation, 0.0)
    added = tf.where(operation == _CONTRAST, 1.0 - contrast, 0.0) * means
    own = tf.where(
        operation == _BRIGHTNESS,
        brightness,
        tf.where(
            operation == _CONTRAST,
            contrast,
            tf.where(operation == _SATURATION, saturation, 1.0),
        ),
    )
    return own, of_grey, added


@fused
def _blend(planes, own, of_grey, added):
    return tf.stack(_blended(tf.unstack(planes, axis=1), own, of_grey, added), axis=1)


@fused
def _blend_or_turn(planes, own, of_grey, added, turns, is_turned):
    colors = tf.unstack(planes, axis=1)
    pairs = zip(
        _turn_hue(colors, _of_pictures(turns)),
        _blended(colors, own, of_grey, added),
        strict=True,
    )
    return tf.stack([tf.where(_of_pictures(is_turned), *pair) for pair in pairs], axis=1)


def _blended(colors, own, of_grey, added):
    grey = sum(weight * color for weight, color in zip(LUMA, colors, strict=True))
    added = _of_pictures(of_grey) * grey + _of_pictures(added)
    return [tf.clip_by_value(_of_pictures(own) * color + added, 0.0, 255.0) for color in colors]


def _turn_hue(colors, turns):
    """Turns the HSV hue; value and chroma stay. Hue is counted in sixths of the circle."""
    red, green, blue = colors
    value = tf.maximum(tf.maximum(red, green), blue)
    chroma = value - tf.minimum(tf.minimum(red, green), blue)
    scale = 1.0 / tf.maximum(chroma, 1e-6)
    hue = tf.where(
        value == red,
        (green - blue) * scale,
        tf.where(value == green, 2.0 + (blue - red) * scale, 4.0 + (red - green) * scale),
    )
    hue += 6.0 * turns

    def channel(offset):
        # A floor instead of `floormod`, whose division no processor does many of at once.
        place = hue + offset
        place -= 6.0 * tf.floor(place * (1.0 / 6.0))
        return value - chroma * tf.clip_by_value(tf.minimum(place, 4.0 - place), 0.0, 1.0)

    return [channel(5.0), channel(3.0), channel(1.0)]


def _of_pictures(values):
    """`[batch]` so that it goes with planes `[batch, height, width]`."""
    return values[:, None, None]
