"""Take an encoder away: a SavedModel that runs without this package, checked before it is kept.

    python experiments/export.py --encoder_dir=runs/mine --output_dir=exported
    python experiments/export.py --encoder_dir=runs/mine --data_dir=FOLDER --tflite=float16,int8
    python experiments/export.py --encoder_dir=runs/mine --classifier=PROBE_FOLDER/linear_probe.npz

The folder holds the SavedModel (signatures serving_default, image_bytes and float_image),
metadata.json, MODEL_CARD.md and load_example.py, with --tflite encoder_VARIANT.tflite, with --onnx
encoder.onnx (needs pip install simclr_tf[onnx]), with --torchvision torchvision.safetensors.
--samples pictures of --data_dir or --dataset are what it is checked with.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from absl import flags

from experiments import decoding_flags, encoder_flags, launcher, picture_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.checks import check_at_least
from simclr_tf.export.settings import ExportSettings

if TYPE_CHECKING:
    from simclr_tf.export import SamplePictures

_OUTPUT_DIR = flags.DEFINE_string("output_dir", "exported", "folder to write; must not exist")
_CLASSIFIER = flags.DEFINE_string(
    "classifier", None, "linear_probe.npz or classifier.keras, for probabilities"
)
_LABEL_NAMES = flags.DEFINE_list(
    "label_names", [], "of a classifier.keras without report.json, with commas"
)
_SAMPLES = flags.DEFINE_integer(
    "samples", 512, "pictures to check with, of them all TensorFlow Lite files; at least 2"
)
_SETTINGS = SettingsFlags(ExportSettings, leave_out=("image_size", "resize_mode"))


def main() -> None:
    """Reads the flags and exports."""
    _SETTINGS.read(resize_mode=decoding_flags.RESIZE_MODE.value)
    check_at_least("samples", _SAMPLES.value, 2)
    picture_flags.picture_config()
    if os.path.exists(os.path.expanduser(_OUTPUT_DIR.value)):
        raise ValueError(f"`output_dir` must not exist. Received: output_dir={_OUTPUT_DIR.value!r}")
    size = encoder_flags.take_size_of_encoder()
    from simclr_tf.export.provenance import read_provenance

    provenance = read_provenance(encoder_flags.ENCODER_DIR.value)
    settings = _SETTINGS.read(image_size=size, resize_mode=_resize_mode(provenance))
    samples = _read_samples()
    launcher.import_tensorflow()
    from simclr_tf.encoders import load_encoder
    from simclr_tf.export import export_encoder, read_classifier_head

    encoder = load_encoder(encoder_flags.ENCODER_DIR.value)
    head = None
    if _CLASSIFIER.value is not None:
        head = read_classifier_head(
            _CLASSIFIER.value, encoder, encoder_flags.ENCODER_DIR.value, _LABEL_NAMES.value
        )
    report = export_encoder(
        encoder,
        _OUTPUT_DIR.value,
        settings,
        head=head,
        samples=samples,
        provenance=provenance,
    )
    _print_report(report.metadata)
    print(f"Exported: {report.path}")


def _resize_mode(provenance: dict[str, Any]) -> str:
    """The run's way of resizing, unless the command line asks for one."""
    if not flags.FLAGS["resize_mode"].present:
        trained = provenance.get("data", {}).get("resize_mode")
        if trained:
            flags.FLAGS["resize_mode"].value = trained
    return decoding_flags.RESIZE_MODE.value


def _read_samples() -> SamplePictures | None:
    config = picture_flags.picture_config()
    if not any(flags.FLAGS[name].present for name in ("data_dir", "dataset")):
        return None
    import numpy as np

    splits = picture_flags.read_pictures()
    from simclr_tf.export import SamplePictures

    held_out = splits.validation
    pictures = held_out if len(held_out) >= _SAMPLES.value else splits.train
    rows = np.random.default_rng(config["class_seed"]).permutation(len(pictures))[: _SAMPLES.value]
    chosen = pictures.subset(np.sort(rows))
    split = "validation" if pictures is held_out else "training"
    return SamplePictures(chosen.images, chosen.labels, f"{splits.name}, {split} pictures")


def _print_report(metadata: dict[str, Any]) -> None:
    checks = metadata["checks"]
    print(f"Largest difference from the encoder on {checks['pictures']} pictures:")
    for name, outputs in checks["largest_difference"].items():
        figures = ", ".join(f"{output} {value:.1e}" for output, value in outputs.items())
        print(f"  {name:16} {figures}")
    if "tflite" in metadata:
        print(f"{'TensorFlow Lite':16}{'MB':>8}{'cosine':>9}{'nearest of class':>18}")
    for row in metadata.get("tflite", ()):
        nearest = row.get("nearest_of_class")
        shown = "" if nearest is None else f"{100 * nearest:.1f} %"
        print(
            f"{row['variant']:16}{row['bytes'] / 1e6:8.2f}{row['mean_similarity']:9.4f}{shown:>18}"
        )
    if "onnx" in metadata:
        onnx = metadata["onnx"]
        differences = onnx["largest_difference"].items()
        figures = ", ".join(f"{output} {value:.1e}" for output, value in differences)
        print(f"ONNX: {onnx['bytes'] / 1e6:.2f} MB, largest difference {figures}")


if __name__ == "__main__":
    launcher.launch(main)
