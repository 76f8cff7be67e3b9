"""Train the supervised baseline: the same encoder from scratch, on the same labels.

    python experiments/baseline.py --data_dir=FOLDER --labels_per_class=10

Writes runs/baseline/version_N: metrics.csv, classifier.keras, encoder.keras, report.json.
`--strategy` trains on several GPUs or machines with the result of one.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from experiments import distribution_flags, launcher, picture_flags, run_flags, worker_runs
from experiments.settings_flags import SettingsFlags
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.settings import PretrainSettings, SupervisedSettings

if TYPE_CHECKING:
    from simclr_tf.data import PictureSplits

_RUN_DIR = run_flags.define_run_dir("runs/baseline")
_NETWORK = ("encoder", "width", "stem", "normalization", "mixed_precision")
_ENCODER = SettingsFlags(PretrainSettings, only=_NETWORK)
_SETTINGS = SettingsFlags(SupervisedSettings)
_BUDGET = SettingsFlags(LabelBudget)


def _read(settings: SupervisedSettings, budget: LabelBudget) -> PictureSplits:
    from simclr_tf.protocols.labelled_splits import check_labelled_splits

    splits = picture_flags.read_pictures()
    # Refused before a run folder is made for it.
    check_labelled_splits(splits)
    labels = len(budget.choose(splits.train.labelled().labels, settings.seed))
    distribution_flags.check_batch_size("batch_size", min(settings.batch_size, labels))
    return splits


def main() -> None:
    """Reads the flags and trains."""
    encoder_settings, settings, budget = _ENCODER.read(), _SETTINGS.read(), _BUDGET.read()
    config = {
        **picture_flags.picture_config(),
        **{name: getattr(encoder_settings, name) for name in _NETWORK},
        **dataclasses.asdict(settings),
        **dataclasses.asdict(budget),
    }
    read = functools.partial(_read, settings, budget)
    with worker_runs.opened_run(_RUN_DIR.value, config, read) as opened:
        if opened is None:
            return
        run, splits = opened
        launcher.import_tensorflow()
        from simclr_tf.protocols import train_baseline

        report = train_baseline(splits, encoder_settings, settings, budget, run)
        run.write_json("report.json", report)
        run.mark_finished({"accuracy": report["accuracy"], "labels": report["labels"]})
        accuracy = f"{100 * report['accuracy']:.1f} %"
        print(f"Baseline, {report['labels']} labels: test accuracy {accuracy}")
        print(f"Results: {run.path}")


if __name__ == "__main__":
    launcher.launch(main)
