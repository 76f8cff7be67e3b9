"""The label-efficiency curve: what pretraining without labels is worth, by number of labels.

    python experiments/label_curve.py                       # the embedded symbols
    python experiments/label_curve.py --data_dir=FOLDER --labels_per_class=1,5,25

For every seed: pretrain on all training pictures without labels, then train that encoder with 1,
2, 5, 10 and 50 labels a class by SupCon and by cross-entropy, measure it as it is, and train the
same network from scratch with the same labels, as compare.py's baseline.
Writes runs/label_curve/version_N: label_curve.json, label_curve.png and a folder for every
training. `--resume` repeats nothing.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from absl import flags

from experiments import launcher, picture_flags, run_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.checks import check_at_least
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings
from simclr_tf.protocols.label_curve_settings import (
    CONTESTANTS,
    CURVE_MEASURES,
    DECIDED,
    LabelCurveSettings,
)
from simclr_tf.protocols.settings import PretrainSettings, SupervisedSettings

if TYPE_CHECKING:
    from simclr_tf.data import PictureSplits

_RUN_DIR = run_flags.define_run_dir("runs/label_curve")
_SEEDS = flags.DEFINE_integer("seeds", 3, "how many seeds, at least 1")
_COUNTS = flags.DEFINE_list("labels_per_class", "1,2,5,10,50", "points of the curve")
_CONTESTANTS = flags.DEFINE_list("contestants", ",".join(CONTESTANTS), "lines of the curve")
_MEASURE = flags.DEFINE_string(
    "measure", "linear_probe_accuracy", f"what is drawn: {', '.join(CURVE_MEASURES)}"
)
_HEAD_LAYER = flags.DEFINE_integer(
    "from_head_layer", 0, "layers of the projection head that are kept, as in SimCLR v2"
)
_PRETRAIN = SettingsFlags(PretrainSettings)
_BASELINE = SettingsFlags(SupervisedSettings, prefix="baseline_", leave_out=("seed",))
_FINE_TUNE = SettingsFlags(FineTuningSettings, prefix="fine_tune_", leave_out=DECIDED)


def main() -> None:
    """Reads the flags and draws the curve."""
    settings = _read_settings()
    config = {**picture_flags.picture_config(), **dataclasses.asdict(settings)}
    with run_flags.opened_run(_RUN_DIR.value, config, lambda: _read(settings)) as opened:
        if opened is None:
            return
        run, splits = opened
        launcher.import_tensorflow()
        from simclr_tf.protocols import format_label_curve, label_curve

        curve = label_curve(splits, settings, run)
        run.mark_finished({"measure": curve["measure"]})
    print()
    print(format_label_curve(curve))
    print(f"\nResults: {run.path / 'label_curve.json'}, {run.path / 'label_curve.png'}")


def _read(settings: LabelCurveSettings) -> PictureSplits:
    from simclr_tf.data import steps_per_epoch
    from simclr_tf.protocols.labelled_splits import check_labelled_splits

    splits = picture_flags.read_pictures()
    # Refused before a run folder is made for it.
    check_labelled_splits(splits)
    steps_per_epoch(len(splits.train), settings.pretrain.batch_size)
    return splits


def _read_settings() -> LabelCurveSettings:
    try:
        counts = tuple(int(count) for count in _COUNTS.value)
    except ValueError as error:
        raise ValueError(
            "`labels_per_class` must be whole numbers with commas between them. "
            f"Received: labels_per_class={','.join(_COUNTS.value)!r}"
        ) from error
    check_at_least("seeds", _SEEDS.value, 1)
    pretrain = _PRETRAIN.read()
    return LabelCurveSettings(
        pretrain=pretrain,
        fine_tune=_FINE_TUNE.read(),
        baseline=_BASELINE.read(),
        labels_per_class=counts,
        contestants=tuple(_CONTESTANTS.value),
        from_head_layer=_HEAD_LAYER.value,
        measure=_MEASURE.value,
        seeds=tuple(range(pretrain.seed, pretrain.seed + _SEEDS.value)),
    )


if __name__ == "__main__":
    launcher.launch(main)
