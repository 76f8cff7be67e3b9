"""Measure what a frozen encoder is worth: a linear probe and a kNN probe on its features.

    python experiments/linear_probe.py --encoder_dir=runs/mine --data_dir=FOLDER

Penalty and, unless --knn_k names it, k are chosen on validation; test is used once. Writes
probe.json, confusion_matrix.png and linear_probe.npz, the probe itself, to --output_dir.
`--strategy` shares the pictures among several GPUs or machines.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import TYPE_CHECKING

from absl import flags

from experiments import distribution_flags, encoder_flags, launcher, picture_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.checks import check_at_least, check_positive
from simclr_tf.encoders.find import encoder_fingerprint, find_encoder
from simclr_tf.protocols.label_budget import LabelBudget

if TYPE_CHECKING:
    from simclr_tf.data import PictureSplits
    from simclr_tf.protocols import SplitFeatures

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
    output = pathlib.Path(_OUTPUT_DIR.value or encoder_file.parent / f"probe_{budget.name}")
    config = {**picture_flags.picture_config(), **dataclasses.asdict(budget), "seed": _SEED.value}
    with distribution_flags.strategy_scope(config):
        launcher.import_tensorflow()
        from simclr_tf.encoders import load_encoder
        from simclr_tf.protocols import split_features
        from simclr_tf.protocols.labelled_splits import check_labelled_splits

        encoder = load_encoder(encoder_file)
        splits = picture_flags.read_pictures()
        check_labelled_splits(splits)
        distribution_flags.check_workers_agree("data_dir", splits.fingerprint)
        distribution_flags.check_workers_agree("encoder_dir", encoder_fingerprint(encoder_file))
        features = split_features(encoder, splits, across_workers=True)
        if distribution_flags.writes():
            _probe(features, splits, budget, encoder_file, output.expanduser())


def _probe(
    features: SplitFeatures,
    splits: PictureSplits,
    budget: LabelBudget,
    encoder_file: pathlib.Path,
    output: pathlib.Path,
) -> None:
    """Fits both probes, and writes and prints what they are worth."""
    from simclr_tf.evaluation import write_probe
    from simclr_tf.files import write_json
    from simclr_tf.plots import plot_confusion_matrix, save_figure
    from simclr_tf.protocols import knn_probe, linear_probe

    output.mkdir(parents=True, exist_ok=True)
    rows = budget.choose(features.train_labels, _SEED.value)
    probe, linear_report = linear_probe(features, rows)
    reports = {
        "linear_probe": linear_report,
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
    write_probe(
        output / "linear_probe.npz", probe, features.class_names, encoder_fingerprint(encoder_file)
    )
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
