"""Measure what a frozen encoder is worth: a linear probe and a kNN probe on its features.

    python experiments/linear_probe.py --encoder_dir=runs/mine --data_dir=FOLDER

Penalty and, unless --knn_k names it, k are chosen on validation; test is used once. Writes
probe.json and confusion_matrix.png to --output_dir.
"""

from __future__ import annotations

import os
import pathlib

from absl import flags

from experiments import encoder_flags, launcher, picture_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.checks import check_at_least, check_positive
from simclr_tf.encoders.find import find_encoder
from simclr_tf.protocols.label_budget import LabelBudget

_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "folder of the results; beside the encoder")
_SEED = flags.DEFINE_integer("seed", 0, "of the choice of labels")
_KNN_K = flags.DEFINE_integer("knn_k", 0, "neighbours of the kNN probe; 0 chooses on validation")
_KNN_TEMPERATURE = flags.DEFINE_float("knn_temperature", 0.1, "of the neighbours' votes")
_BUDGET = SettingsFlags(LabelBudget)
flags.mark_flag_as_required("encoder_dir")


def main() -> None:
    """Reads the flags and probes."""
    budget = _BUDGET.read()
    check_at_least("seed", _SEED.value, 0)
    check_at_least("knn_k", _KNN_K.value, 0)
    check_positive("knn_temperature", _KNN_TEMPERATURE.value)
    picture_flags.picture_config()
    encoder_file = find_encoder(encoder_flags.ENCODER_DIR.value)
    encoder_flags.take_size_of_encoder()
    launcher.import_tensorflow()
    from simclr_tf.encoders import load_encoder
    from simclr_tf.files import write_json
    from simclr_tf.plots import plot_confusion_matrix, save_figure
    from simclr_tf.protocols import knn_probe, linear_probe, split_features
    from simclr_tf.protocols.labelled_splits import check_labelled_splits

    output = pathlib.Path(_OUTPUT_DIR.value or encoder_file.parent / f"probe_{budget.name}")
    output = output.expanduser()
    encoder = load_encoder(encoder_file)
    splits = picture_flags.read_pictures()
    check_labelled_splits(splits)
    output.mkdir(parents=True, exist_ok=True)
    features = split_features(encoder, splits)
    rows = budget.choose(features.train_labels, _SEED.value)
    reports = {
        "linear_probe": linear_probe(features, rows)[1],
        "knn_probe": knn_probe(
            features, rows, k=_KNN_K.value or None, temperature=_KNN_TEMPERATURE.value
        )[1],
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
    if "confusion_matrix" in reports["linear_probe"]:
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
