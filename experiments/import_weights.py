"""Make an encoder from weights that were trained elsewhere.

    python experiments/import_weights.py --weights=checkpoint_0100.pth.tar --output_dir=imported
    python experiments/import_weights.py --weights=resnet50-1x.pth --mean=0,0,0 --std=1,1,1
    python experiments/import_weights.py --weights=20180402-114759-vggface2.pt
    python experiments/import_weights.py --weights=hf://timm/resnet50.a1_in1k
    python experiments/import_weights.py --weights=simclrv2/pretrained/r50_1x_sk0/saved_model

The network is told by the file: a ResNet under torchvision's names or a FaceNet under
facenet-pytorch's, after any prefix, in .safetensors or, with the extra `torch`, PyTorch's own
files; or a ResNet-50 of google-research/simclr, as SavedModel or checkpoint. With the extra `hub`
the file may be in a repository of the Hugging Face Hub. Writes encoder.keras, which every
--encoder_dir takes, and import.json: what was taken under which name, and what was left out and
why.
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

_WEIGHTS = flags.DEFINE_string(
    "weights", None, ".safetensors, .pth, .pt, .ckpt, .tar, SavedModel, hf://OWNER/NAME[/FILE]"
)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "imported", "folder to write encoder.keras to")
_ENCODER = flags.DEFINE_string("encoder", "auto", "network that the file must hold")
_WIDTH = flags.DEFINE_float("width", 0, "multiplier of its channels; 0: as in the file")
_STEM = flags.DEFINE_string("stem", "auto", "cifar, strided or imagenet; auto: as in the file")
_IMAGE_SIZE = flags.DEFINE_integer("image_size", 0, "of its pictures in pixels; 0: by the network")
_PREFIX = flags.DEFINE_string("prefix", None, "of its names, where the file holds several networks")
_MEAN = flags.DEFINE_list("mean", None, "of its scaling, fractions of 255; ImageNet's if unset")
_STD = flags.DEFINE_list("std", None, "of its scaling, fractions of 255; ImageNet's if unset")
_PRECISION = flags.DEFINE_string("mixed_precision", "none", "none, bfloat16 or float16")
flags.mark_flag_as_required("weights")


def main() -> None:
    """Reads the flags and imports."""
    mean, std = _fractions("mean", _MEAN.value), _fractions("std", _STD.value)
    check_one_of("mixed_precision", _PRECISION.value, ("none", "bfloat16", "float16"))
    output = pathlib.Path(_OUTPUT_DIR.value).expanduser()
    encoder_file = output / "encoder.keras"
    if encoder_file.exists():
        raise ValueError(
            f"`output_dir` must not hold an encoder already. Received: {_OUTPUT_DIR.value!r}"
        )
    from simclr_tf.weights import find_weights

    file = find_weights(_WEIGHTS.value)
    launcher.import_tensorflow()
    from simclr_tf.files import write_json
    from simclr_tf.training import save_model
    from simclr_tf.weights import ImportOptions, import_encoder

    options = ImportOptions(
        encoder=_ENCODER.value,
        width=_WIDTH.value,
        stem=_STEM.value,
        image_size=_IMAGE_SIZE.value,
        prefix=_PREFIX.value,
        mean=mean,
        std=std,
        mixed_precision=_PRECISION.value,
    )
    encoder, report = import_encoder(file, options)
    output.mkdir(parents=True, exist_ok=True)
    save_model(encoder, encoder_file)
    source = {"weights": _WEIGHTS.value, "file": file}
    write_json(output / "import.json", {**source, **dataclasses.asdict(report)})
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
    stem = "" if held.stem == "auto" else f", {held.stem} stem"
    print(
        f"{held.name}, width {held.width:g}{stem}, pictures of {report.image_size} pixels; "
        f"names begin with {report.prefix!r}"
    )
    if report.mean:
        print(f"Scaling: mean {report.mean}, std {report.std}")
    first, *_, last = (f"{own} -> {layer}" for layer, own in report.mapped.items())
    print(f"Mapped: {len(report.mapped)} layers, {first} to {last} (all in import.json)")
    for name, reason in report.left_out.items():
        print(f"Left out: {name} ({reason})")


if __name__ == "__main__":
    launcher.launch(main)
