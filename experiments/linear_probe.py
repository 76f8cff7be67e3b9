"""Measure what a frozen encoder is worth: a linear probe and a kNN probe on its features.

    python experiments/linear_probe.py --encoder_dir=runs/mine --data_dir=FOLDER

Penalty and k are chosen on validation; test is used once. Writes probe.json and
confusion_matrix.png to --output_dir.
"""

from __future__ import annotations

import os
import pathlib

from absl import flags

from experiments import launcher, picture_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.checks import check_at_least
from simclr_tf.protocols.label_budget import LabelBudget

_ENCODER_DIR = flags.DEFINE_string("encoder_dir", None, "run folder, version or .keras file")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "folder of the results; beside the encoder")
_SEED = flags.DEFINE_integer("seed", 0, "of the choice of labels")
_BUDGET = SettingsFlags(LabelBudget)
flags.mark_flag_as_required("encoder_dir")


def main() -> None:
    """Reads the flags and probes."""
    budget = _BUDGET.read()
    check_at_least("seed", _SEED.value, 0)
    image_size = picture_flags.picture_config()["image_size"]
    launcher.import_tensorflow()
    from simclr_tf.encoders import find_encoder, load_encoder, picture_size
    from simclr_tf.files import write_json
    from simclr_tf.plots import plot_confusion_matrix, save_figure
    from simclr_tf.protocols import knn_probe, linear_probe, split_features
    from simclr_tf.protocols.labelled_splits import check_labelled_splits

    encoder_file = find_encoder(_ENCODER_DIR.value)
    output = pathlib.Path(_OUTPUT_DIR.value or encoder_file.parent / f"probe_{budget.name}")
    encoder = load_encoder(encoder_file)
    if picture_size(encoder) not in (None, image_size):
        raise ValueError(
            f"`image_size` must be {picture_size(encoder)}, the size of the pictures that the "
            f"encoder was trained with. Received: image_size={image_size}"
        )
    splits = picture_flags.read_pictures()
    check_labelled_splits(splits)
    output.mkdir(parents=True, exist_ok=True)
    features = split_features(encoder, splits)
    rows = budget.choose(features.train_labels, _SEED.value)
    reports = {
        "linear_probe": linear_probe(features, rows)[1],
        "knn_probe": knn_probe(features, rows)[1],
    }
    result = {
        **reports,
        "labels": len(rows),
        "seed": _SEED.value,
        "encoder": os.fspath(encoder_file),
        "fingerprint": splits.fingerprint,
        "split": {name: len(getattr(splits, name)) for name in ("train", "validation", "test")},
    }
    write_json(output / "probe.json", result)
    axes = plot_confusion_matrix(
        reports["linear_probe"]["confusion_matrix"], splits.train.class_names, "Linear probe"
    )
    save_figure(axes.figure, output / "confusion_matrix.png")
    print(f"{len(rows)} labels; test accuracy (mean of the classes in brackets):")
    for name, report in reports.items():
        print(
            f"  {name.replace('_', ' '):13} {100 * report['accuracy']:5.1f} % "
            f"({100 * report['macro_accuracy']:.1f} %)"
        )
    print(f"Results: {output}")


if __name__ == "__main__":
    launcher.launch(main)
