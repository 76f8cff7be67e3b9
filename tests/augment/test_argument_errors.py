import pytest

from simclr_tf.augment import (
    CutMix,
    MixUp,
    RandAugment,
    RandomColorJitter,
    RandomErasing,
    RandomFlip,
    RandomGaussianBlur,
    RandomGaussianNoise,
    RandomGrayscale,
    RandomResizedCrop,
    RandomSolarize,
    TrivialAugmentWide,
)

INVALID = [
    (RandomResizedCrop, {"size": 0}, "`size` must be at least 1. Received: size=0"),
    (RandomResizedCrop, {"size": 8, "scale": (0.5, 0.2)}, "`scale` must be two numbers"),
    (RandomResizedCrop, {"size": 8, "scale": (0.5, 1.2)}, "<= 1. Received: scale=.0.5, 1.2."),
    (RandomResizedCrop, {"size": 8, "scale": (1.0,)}, "`scale` must be two numbers"),
    (RandomResizedCrop, {"size": 8, "ratio": (0, 1)}, "`ratio` must be .* Received: ratio=.0, 1."),
    (RandomResizedCrop, {"size": 8, "horizontal_flip": 1.5}, "`horizontal_flip` must be between"),
    (
        RandomResizedCrop,
        {"size": 8, "interpolation": "cubic"},
        "`interpolation` must be one of: bilinear, bicubic. Received: interpolation='cubic'",
    ),
    (RandomColorJitter, {"brightness": -0.1}, "`brightness` must be at least 0. Received: .*-0.1"),
    (RandomColorJitter, {"contrast": -1}, "`contrast` must be at least 0"),
    (RandomColorJitter, {"saturation": -1}, "`saturation` must be at least 0"),
    (RandomColorJitter, {"hue": 0.6}, "`hue` must be between 0 and 0.5. Received: hue=0.6"),
    (RandomColorJitter, {"probability": 2}, "`probability` must be between 0 and 1"),
    (RandomFlip, {"horizontal": -1}, "`horizontal` must be between 0 and 1"),
    (RandomFlip, {"vertical": float("nan")}, "`vertical` must be .* Received: vertical=nan"),
    (RandomGaussianBlur, {"sigma": (2, 1)}, "`sigma` must be two numbers .* sigma=.2, 1."),
    (RandomGaussianBlur, {"probability": -1}, "`probability` must be between 0 and 1"),
    (RandomGaussianNoise, {"sigma": (-1, 1)}, "`sigma` must be two numbers"),
    (RandomGaussianNoise, {"probability": 1.1}, "`probability` must be .* probability=1.1"),
    (RandomGrayscale, {"probability": 1.1}, "`probability` must be between 0 and 1"),
    (RandomSolarize, {"threshold": 256}, "`threshold` must be between 0 and 255"),
    (RandomSolarize, {"probability": -0.5}, "`probability` must be between 0 and 1"),
    (RandomErasing, {"probability": 1.5}, "`probability` must be between 0 and 1"),
    (RandomErasing, {"scale": (0.4, 0.2)}, "`scale` must be two numbers .* scale=.0.4, 0.2."),
    (RandomErasing, {"ratio": (0, 1)}, "`ratio` must be two numbers"),
    (RandomErasing, {"fill": -1}, "`fill` must be between 0 and 255. Received: fill=-1"),
    (TrivialAugmentWide, {"fill": 256}, "`fill` must be between 0 and 255. Received: fill=256"),
    (RandAugment, {"num_ops": 0}, "`num_ops` must be at least 1. Received: num_ops=0"),
    (RandAugment, {"magnitude": 31}, "`magnitude` must be between 0 and 30. Received: .*=31"),
    (RandAugment, {"fill": -1}, "`fill` must be between 0 and 255. Received: fill=-1"),
    (MixUp, {"alpha": 0}, "`alpha` must be greater than 0. Received: alpha=0"),
    (CutMix, {"alpha": -1}, "`alpha` must be greater than 0. Received: alpha=-1"),
]


@pytest.mark.parametrize(("layer_class", "arguments", "message"), INVALID)
def test_an_argument_out_of_range_is_named(layer_class, arguments, message):
    with pytest.raises(ValueError, match=message):
        layer_class(**arguments)
