"""Make an encoder from the weights of a ResNet that was trained with PyTorch.

    python experiments/import_weights.py --weights=checkpoint_0100.pth.tar --output_dir=imported
    python experiments/import_weights.py --weights=resnet50-1x.pth --mean=0,0,0 --std=1,1,1

The network is told by the file: names as in torchvision after any prefix, .safetensors or, with the
extra `torch`, PyTorch's own files. Writes encoder.keras, which every --encoder_dir takes, and
import.json: what was taken under which name, and what was left out and why.
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import TYPE_CHECKING

from absl import flags

from experiments import launcher
from simclr_tf.checks import check_one_of

if TYPE_CHECKING:
    from simclr_tf.weights import ImportReport

_WEIGHTS = flags.DEFINE_string("weights", None, ".safetensors, .pth, .pt, .ckpt, .tar or .bin")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "imported", "folder to write encoder.keras to")
_ENCODER = flags.DEFINE_string("encoder", "auto", "network that the file must hold")
_WIDTH = flags.DEFINE_float("width", 0, "multiplier of its channels; 0: as in the file")
_STEM = flags.DEFINE_string("stem", "auto", "cifar, strided or imagenet; auto: as in the file")
_IMAGE_SIZE = flags.DEFINE_integer("image_size", 0, "of its pictures in pixels; 0: by the stem")
_PREFIX = flags.DEFINE_string("prefix", None, "of its names, where the file holds several networks")
_MEAN = flags.DEFINE_list("mean", None, "of its scaling, fractions of 255; ImageNet's if unset")
_STD = flags.DEFINE_list("std", None, "of its scaling, fractions of 255; ImageNet's if unset")
_PRECISION = flags.DEFINE_string("mixed_precision", "none", "none, bfloat16 or float16")
flags.mark_flag_as_required("weights")


def main() -> None:
    """Reads the flags and imports."""
    mean, std = _fractions("mean", _MEAN.value), _fractions("std", _STD.value)
    check_one_of("mixed_precision", _PRECISION.value, ("none", "bfloat16", "float16"))
    file = pathlib.Path(_WEIGHTS.value).expanduser()
    if not file.is_file():
        raise ValueError(f"`weights` must be a file that exists. Received: {_WEIGHTS.value!r}")
    output = pathlib.Path(_OUTPUT_DIR.value).expanduser()
    encoder_file = output / "encoder.keras"
    if encoder_file.exists():
        raise ValueError(
            f"`output_dir` must not hold an encoder already. Received: {_OUTPUT_DIR.value!r}"
        )
    launcher.import_tensorflow()
    from simclr_tf.files import write_json
    from simclr_tf.training import save_model
    from simclr_tf.weights import import_resnet

    encoder, report = import_resnet(
        file,
        encoder=_ENCODER.value,
        width=_WIDTH.value,
        stem=_STEM.value,
        image_size=_IMAGE_SIZE.value,
        prefix=_PREFIX.value,
        mean=mean,
        std=std,
        mixed_precision=_PRECISION.value,
    )
    output.mkdir(parents=True, exist_ok=True)
    save_model(encoder, encoder_file)
    write_json(output / "import.json", {"file": file, **dataclasses.asdict(report)})
    _print_report(report)
    print(f"Encoder: {encoder_file}")


def _fractions(name: str, parts: list[str] | None) -> list[float] | None:
    try:
        return None if parts is None else [float(part) for part in parts]
    except ValueError as error:
        raise ValueError(
            f"`{name}` must be 3 numbers with commas. Received: {name}={','.join(parts or [])!r}"
        ) from error


def _print_report(report: ImportReport) -> None:
    held = report.architecture
    print(
        f"{held.name}, width {held.width:g}, {held.stem} stem, pictures of {report.image_size} "
        f"pixels; names begin with {report.prefix!r}"
    )
    print(f"Scaling: mean {report.mean}, std {report.std}")
    first, *_, last = (f"{own} -> {layer}" for layer, own in report.mapped.items())
    print(f"Mapped: {len(report.mapped)} layers, {first} to {last} (all in import.json)")
    for name, reason in report.left_out.items():
        print(f"Left out: {name} ({reason})")


if __name__ == "__main__":
    launcher.launch(main)
