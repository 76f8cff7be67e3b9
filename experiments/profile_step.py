"""Where the time of a training step goes, by kind of operation, measured by TensorFlow's profiler.

    python experiments/profile_step.py --encoder=resnet18 --width=0.25 --output_dir=runs/profile

Prints a table and writes it as profile.json, beside the trace that TensorBoard's profiler opens.
Operations run side by side, so their times add up to more than the step's.
"""

from __future__ import annotations

import pathlib

from absl import flags

from experiments import launcher
from experiments.benchmarks.settings import ENCODERS
from simclr_tf.checks import check_at_least, check_one_of, check_positive

_OUTPUT_DIR = flags.DEFINE_string("output_dir", "runs/profile", "folder of the results")
_ENCODER = flags.DEFINE_string("encoder", "resnet18", f"network: {', '.join(ENCODERS)}")
_WIDTH = flags.DEFINE_float("width", 0.25, "multiplier of its channels")
_IMAGE_SIZE = flags.DEFINE_integer("image_size", 32, "height and width in pixels, at least 8")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 128, "pictures a step, at least 2")
_AUGMENT = flags.DEFINE_boolean("augment", True, "with the augmentation, or on given views")
_STEPS = flags.DEFINE_integer("steps", 5, "steps that are measured, at least 1")


def main() -> None:
    """Reads the flags and measures."""
    check_one_of("encoder", _ENCODER.value, ENCODERS)
    check_positive("width", _WIDTH.value)
    check_at_least("image_size", _IMAGE_SIZE.value, 8)
    check_at_least("batch_size", _BATCH_SIZE.value, 2)
    check_at_least("steps", _STEPS.value, 1)
    launcher.import_tensorflow()
    from experiments.benchmarks.step_profile import format_profile, profile_step
    from simclr_tf.files import write_json

    output = pathlib.Path(_OUTPUT_DIR.value)
    profile = profile_step(
        _ENCODER.value,
        _WIDTH.value,
        _IMAGE_SIZE.value,
        _BATCH_SIZE.value,
        augment=_AUGMENT.value,
        steps=_STEPS.value,
        trace=output / "trace",
    )
    write_json(output / "profile.json", profile)
    print(format_profile(profile))
    print(f"Results: {output / 'profile.json'}; tensorboard --logdir {output / 'trace'}")


if __name__ == "__main__":
    launcher.launch(main)
