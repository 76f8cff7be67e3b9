"""Where the time of a training step goes, by kind of operation, measured by TensorFlow's profiler.

    python experiments/profile_step.py --encoder=resnet18 --width=0.25 --output_dir=runs/profile
    python experiments/profile_step.py --work=augment --recipe=simclr-imagenet --image_size=224
    python experiments/profile_step.py --work=embed --width=1

Prints a table and writes it as profile.json, beside the trace that TensorBoard's profiler opens.
Operations run side by side, so their times may add up to more than the batch's.
"""

from __future__ import annotations

import pathlib

from absl import flags

from experiments import launcher
from experiments.benchmarks.settings import ENCODERS
from simclr_tf.checks import check_at_least, check_one_of, check_positive
from simclr_tf.protocols.settings import PRETRAIN_RECIPES

WORKS = ("step", "augment", "embed")

_OUTPUT_DIR = flags.DEFINE_string("output_dir", "runs/profile", "folder of the results")
_ENCODER = flags.DEFINE_string("encoder", "resnet18", f"network: {', '.join(ENCODERS)}")
_WIDTH = flags.DEFINE_float("width", 0.25, "multiplier of its channels")
_IMAGE_SIZE = flags.DEFINE_integer("image_size", 32, "height and width in pixels, at least 8")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 128, "pictures at once, at least 2")
_WORK = flags.DEFINE_string("work", "step", f"what is measured: {', '.join(WORKS)}")
_RECIPE = flags.DEFINE_string(
    "recipe", "simclr-cifar", f"augmentation: {', '.join(PRETRAIN_RECIPES)}; empty trains without"
)
_STEPS = flags.DEFINE_integer("steps", 5, "batches that are measured, at least 1")


def main() -> None:
    """Reads the flags and measures."""
    check_one_of("work", _WORK.value, WORKS)
    check_one_of("encoder", _ENCODER.value, ENCODERS)
    if _RECIPE.value or _WORK.value == "augment":
        check_one_of("recipe", _RECIPE.value, PRETRAIN_RECIPES)
    check_positive("width", _WIDTH.value)
    check_at_least("image_size", _IMAGE_SIZE.value, 8)
    check_at_least("batch_size", _BATCH_SIZE.value, 2)
    check_at_least("steps", _STEPS.value, 1)
    launcher.import_tensorflow()
    from experiments.benchmarks.step_profile import format_profile, profile_work
    from simclr_tf.files import write_json

    output = pathlib.Path(_OUTPUT_DIR.value)
    profile = profile_work(
        _WORK.value,
        encoder=_ENCODER.value,
        width=_WIDTH.value,
        image_size=_IMAGE_SIZE.value,
        batch_size=_BATCH_SIZE.value,
        recipe=_RECIPE.value,
        steps=_STEPS.value,
        trace=output / "trace",
    )
    write_json(output / "profile.json", profile)
    print(format_profile(profile))
    print(f"Results: {output / 'profile.json'}; tensorboard --logdir {output / 'trace'}")


if __name__ == "__main__":
    launcher.launch(main)
