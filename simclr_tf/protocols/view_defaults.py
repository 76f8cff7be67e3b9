"""How training pictures are augmented where nothing else is asked for."""

from __future__ import annotations

from simclr_tf.checks import check_at_least

# Height and width that a network needs: in smaller ones the last maps of SqueezeNet and ConvNeXt
# would have no pixel left, which ends the program.
SMALLEST_VIEW = 32
SMALLEST_VIEWS = {
    "resnet10": 8,
    "resnet18": 8,
    "resnet34": 8,
    "resnet50": 8,
    "wide_resnet50_2": 8,
    "inception_resnet_v1": 75,
}


def default_recipe(data_name: str, image_size: int) -> str:
    """Returns the augmentation recipe that `augment="auto"` means for these pictures.

    Training with labels takes the same one: with few labels its strength is worth a lot. On the
    CIFAR-10 pictures with 500 labels the baseline reached 45.8 % with it and 35.8 % with crops and
    flips alone (validation, learning rate 0.002).
    """
    if data_name == "symbols":
        # Arrows point and letters read, so they are not mirrored.
        return "simclr-symbols"
    return "simclr-cifar" if image_size <= 64 else "simclr-imagenet"


def default_view_size(data_name: str, image_size: int, smallest: int) -> int:
    """Returns the size of the training views that `view_size=0` means, in pixels.

    Views smaller than the pictures cost less, and the features lose nothing: a random crop shows
    things larger than they are in whole pictures, a smaller view of it makes up for that (Touvron
    et al. 2019, "Fixing the train-test resolution discrepancy"). Thin lines need more pixels.
    Training with labels takes views of the pictures' own size: smaller ones cost accuracy there.
    They are not smaller than `smallest`, what the encoder needs.
    """
    share = 11 / 16 if data_name == "symbols" else 5 / 8
    return max(smallest, round(share * image_size))


def check_view_size(view_size: int, smallest: int) -> None:
    """Raises `ValueError` unless the size is 0, which means the default, or at least `smallest`."""
    if view_size:
        check_at_least("view_size", view_size, smallest)
