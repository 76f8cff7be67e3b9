"""Augmentation recipes by name."""

from __future__ import annotations

from collections.abc import Callable

from simclr_tf.augment.augmenter import Augmenter
from simclr_tf.augment.rand_augment import RandAugment
from simclr_tf.augment.random_affine_crop import RandomAffineCrop
from simclr_tf.augment.random_border_strokes import RandomBorderStrokes
from simclr_tf.augment.random_color_jitter import RandomColorJitter
from simclr_tf.augment.random_erasing import RandomErasing
from simclr_tf.augment.random_gaussian_blur import RandomGaussianBlur
from simclr_tf.augment.random_gaussian_noise import RandomGaussianNoise
from simclr_tf.augment.random_grayscale import RandomGrayscale
from simclr_tf.augment.random_jpeg_artifacts import RandomJpegArtifacts
from simclr_tf.augment.random_layer import RandomLayer
from simclr_tf.augment.random_line_weight import RandomLineWeight
from simclr_tf.augment.random_paper_tint import RandomPaperTint
from simclr_tf.augment.random_resized_crop import RandomResizedCrop
from simclr_tf.augment.random_salt_and_pepper import RandomSaltAndPepper
from simclr_tf.augment.random_solarize import RandomSolarize
from simclr_tf.augment.random_speckle import RandomSpeckle
from simclr_tf.augment.random_turned_crop import RandomTurnedCrop
from simclr_tf.augment.trivial_augment_wide import TrivialAugmentWide
from simclr_tf.checks import check_at_least, check_between, check_one_of


def build_augmenter(
    name: str, image_size: int, seed: int | None = None, *, erasing: float = 0.0
) -> Augmenter:
    """Builds the augmentation recipe called `name` for square pictures.

    | recipe | crop area | jitter (b, c, s, h) | grey | more |
    |---|---|---|---|---|
    | `simclr-cifar` | .2–1 | .4 .4 .4 .1, p .8 | .2 | flip |
    | `simclr-imagenet` | .08–1, bicubic | .8 .8 .8 .2, p .8 | .2 | flip, blur p .5 |
    | `simclr-strong` | .08–1 | .8 .8 .8 .2, p .8 | .2 | flip, blur p .5, noise, solarise p .2 |
    | `simclr-symbols` | .4–1, turned ≤ 12° | .6 .6 – –, p .8 | 1 | blur p .3, noise, invert p .5 |
    | `crop-flip` | .2–1 | – | – | flip (for training with labels) |
    | `trivial-wide` | .2–1 | one of 14 operations each | – | flip, erasing p .1 (with labels) |
    | `rand-augment` | .2–1 | two of 14 operations each, magnitude 9 | – | flip (with labels) |
    | `symbols` | .4–1 | .4 .4 .4 0, p .8 | – | noise (for training with labels) |
    | `drawing` | sides × .85–1.25, turned by quarters and ≤ 8° | – | .5 | lines, scan (see below) |

    `drawing` is for crops of line drawings, with or without labels: no flip and no hue, since
    symbols point and read. Beyond the crop there is paper of its own colour. Strokes of its ink run
    in from the border (p .6), lines get thinner or thicker (p .8), it is blurred (p .5), and a scan
    tints paper and fades ink (p .5), adds grain (p .3), salt and pepper (p .3) and JPEG (p .3).

    Args:
        name: one of the recipes above.
        image_size: height and width of the views in pixels, at least 8.
        seed: starts the augmenter's generator.
        erasing: share of the pictures that lose a rectangle at the end, 0..1; 0 leaves it to the
            recipe.

    Returns:
        An `Augmenter` from `[batch, height, width, 3]` to `[batch, image_size, image_size, 3]`.

    Raises:
        ValueError: if the name is unknown (the message lists the recipes), the size below 8 or
            the share not in 0..1.

    Reference:
        SimCLR (Chen et al. 2020), appendix A, and for CIFAR appendix B.9, where blur is left out.
        `simclr-cifar` has the settings of lightly's CIFAR-10 benchmark. TrivialAugment (Müller &
        Hutter 2021), with the erasing of torchvision's recipe. RandAugment (Cubuk et al. 2019).
    """
    check_one_of("augment", name, RECIPES)
    check_at_least("image_size", image_size, 8)
    check_between("erasing", erasing, 0, 1)
    layers = RECIPES[name](image_size)
    if erasing:
        layers = [layer for layer in layers if not isinstance(layer, RandomErasing)]
        layers.append(RandomErasing(erasing))
    return Augmenter(layers, seed=seed, name="augmenter")


def _simclr_cifar(size: int) -> list[RandomLayer]:
    return [
        RandomResizedCrop(size, scale=(0.2, 1.0), horizontal_flip=0.5),
        RandomColorJitter(0.4, 0.4, 0.4, 0.1, probability=0.8),
        RandomGrayscale(0.2),
    ]


def _simclr_imagenet(size: int) -> list[RandomLayer]:
    return [
        RandomResizedCrop(size, scale=(0.08, 1.0), horizontal_flip=0.5, interpolation="bicubic"),
        RandomColorJitter(0.8, 0.8, 0.8, 0.2, probability=0.8),
        RandomGrayscale(0.2),
        _blur(size),
    ]


def _simclr_strong(size: int) -> list[RandomLayer]:
    return [
        RandomResizedCrop(size, scale=(0.08, 1.0), horizontal_flip=0.5),
        RandomColorJitter(0.8, 0.8, 0.8, 0.2, probability=0.8),
        RandomGrayscale(0.2),
        _blur(size),
        RandomGaussianNoise((0.0, 12.0), probability=0.5),
        RandomSolarize(128, probability=0.2),
    ]


def _simclr_symbols(size: int) -> list[RandomLayer]:
    """No flip (arrows point), no hue; ink and paper are arbitrary, so only shapes may match."""
    return [
        RandomAffineCrop(size, rotation=12, shear=0.1, scale=(0.4, 1.0)),
        RandomGrayscale(1.0),
        RandomColorJitter(0.6, 0.6, 0.0, 0.0, probability=0.8),
        RandomGaussianBlur(sigma=(0.1, max(2.0 * size / 224, 0.6)), probability=0.3),
        RandomGaussianNoise((0.0, 16.0), probability=0.3),
        RandomSolarize(0, probability=0.5),
    ]


def _crop_flip(size: int) -> list[RandomLayer]:
    return [RandomResizedCrop(size, scale=(0.2, 1.0), horizontal_flip=0.5)]


def _trivial_wide(size: int) -> list[RandomLayer]:
    return [
        RandomResizedCrop(size, scale=(0.2, 1.0), horizontal_flip=0.5),
        TrivialAugmentWide(),
        RandomErasing(0.1),
    ]


def _rand_augment(size: int) -> list[RandomLayer]:
    return [RandomResizedCrop(size, scale=(0.2, 1.0), horizontal_flip=0.5), RandAugment(2, 9)]


def _symbols(size: int) -> list[RandomLayer]:
    return [
        RandomResizedCrop(size, scale=(0.4, 1.0)),
        RandomColorJitter(0.4, 0.4, 0.4, 0.0, probability=0.8),
        RandomGaussianNoise((0.0, 12.0), probability=0.5),
    ]


def _drawing(size: int) -> list[RandomLayer]:
    """The strengths in pixels are meant for views of 64, and grow with the size."""
    pixel = size / 64
    return [
        RandomTurnedCrop(size, scale=(0.85, 1.25), shift=0.06, rotation=8),
        RandomBorderStrokes(
            count=(1, 3), length=(0.1, 0.35), width=(pixel, 3.5 * pixel), probability=0.6
        ),
        RandomLineWeight(thin=min(0.5 * pixel, 8), thicken=min(0.8 * pixel, 8), probability=0.8),
        RandomGaussianBlur(sigma=(0.1, max(1.0 * pixel, 0.5)), probability=0.5),
        RandomGrayscale(0.5),
        RandomPaperTint(tint=0.2, fade=0.4, probability=0.5),
        RandomSpeckle((0.0, 0.1), probability=0.3),
        RandomSaltAndPepper((0.0, 0.01), probability=0.3),
        RandomJpegArtifacts((40, 95), probability=0.3),
    ]


def _blur(size: int) -> RandomGaussianBlur:
    # The paper's 0.1..2.0 pixels are meant for 224: the same share of a smaller picture.
    return RandomGaussianBlur(sigma=(0.1, max(2.0 * size / 224, 0.6)), probability=0.5)


RECIPES: dict[str, Callable[[int], list[RandomLayer]]] = {
    "simclr-cifar": _simclr_cifar,
    "simclr-imagenet": _simclr_imagenet,
    "simclr-strong": _simclr_strong,
    "simclr-symbols": _simclr_symbols,
    "crop-flip": _crop_flip,
    "trivial-wide": _trivial_wide,
    "rand-augment": _rand_augment,
    "symbols": _symbols,
    "drawing": _drawing,
}
