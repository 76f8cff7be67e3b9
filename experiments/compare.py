"""The main job: SimCLR without labels against a supervised baseline, on the same few labels.

    python experiments/compare.py                       # the embedded symbols
    python experiments/compare.py --data_dir=FOLDER --labels_per_class=10

Without a number of labels it is 1 a class; `--label_fraction=1` takes all.
For every seed: pretrain on all training pictures without labels; then linear probe, kNN probe,
fine-tuned encoder and supervised baseline with the same labels. Writes runs/compare/version_N:
comparison.json, comparison.png and a folder for every training. `--resume` repeats nothing.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from absl import flags

from experiments import launcher, picture_flags, run_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.checks import check_at_least
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.settings import (
    FINE_TUNE,
    ComparisonSettings,
    PretrainSettings,
    SupervisedSettings,
)

if TYPE_CHECKING:
    from simclr_tf.data import PictureSplits

_RUN_DIR = run_flags.define_run_dir("runs/compare")
_SEEDS = flags.DEFINE_integer("seeds", 3, "how many seeds, at least 1")
_CURVE = flags.DEFINE_list("curve_labels_per_class", "", "further numbers of labels, as 1,5,10")
_PRETRAIN = SettingsFlags(PretrainSettings)
_BASELINE = SettingsFlags(SupervisedSettings, prefix="baseline_", leave_out=("seed",))
_FINE_TUNE = SettingsFlags(SupervisedSettings, FINE_TUNE, prefix="fine_tune_", leave_out=("seed",))
_BUDGET = SettingsFlags(LabelBudget)
_DEFAULT_BUDGET = LabelBudget(labels_per_class=1)


def _read(settings: ComparisonSettings) -> PictureSplits:
    from simclr_tf.data import steps_per_epoch
    from simclr_tf.protocols.labelled_splits import check_labelled_splits

    splits = picture_flags.read_pictures()
    # Refused before a run folder is made for it.
    check_labelled_splits(splits)
    steps_per_epoch(len(splits.train), settings.pretrain.batch_size)
    return splits


def main() -> None:
    """Reads the flags and compares."""
    settings = _read_settings()
    config = {**picture_flags.picture_config(), **dataclasses.asdict(settings)}
    with run_flags.opened_run(_RUN_DIR.value, config, lambda: _read(settings)) as opened:
        if opened is None:
            return
        run, splits = opened
        launcher.import_tensorflow()
        from simclr_tf.protocols import compare, format_table

        comparison = compare(splits, settings, run)
        run.mark_finished({"verdict": comparison["verdict"]})
    print()
    print(format_table(comparison))
    print(f"\nResults: {run.path / 'comparison.json'}, {run.path / 'comparison.png'}")


def _read_settings() -> ComparisonSettings:
    try:
        curve = tuple(int(number) for number in _CURVE.value)
    except ValueError as error:
        raise ValueError(
            "`curve_labels_per_class` must be whole numbers with commas between them. "
            f"Received: curve_labels_per_class={','.join(_CURVE.value)!r}"
        ) from error
    check_at_least("seeds", _SEEDS.value, 1)
    pretrain = _PRETRAIN.read()
    budget = _BUDGET.read()
    return ComparisonSettings(
        pretrain=pretrain,
        baseline=_BASELINE.read(),
        fine_tune=_FINE_TUNE.read(),
        budget=_DEFAULT_BUDGET if budget == LabelBudget() else budget,
        curve=curve,
        seeds=tuple(range(pretrain.seed, pretrain.seed + _SEEDS.value)),
    )


if __name__ == "__main__":
    launcher.launch(main)
