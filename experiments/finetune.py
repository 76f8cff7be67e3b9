"""Specialise an encoder with labels: SupCon, triplet or cross-entropy.

    python experiments/finetune.py --encoder_dir=runs/mine --data_dir=FOLDER --labels_per_class=10
    python experiments/finetune.py --encoder=squeezenet --weights=FILE.h5 --data_dir=FOLDER

Writes runs/finetune/version_N: encoder.keras, metrics.json and before_after.png (retrieval, kNN and
linear probe on test, before and after), metrics.csv, curves.png and checkpoints. `--resume`
continues after a stop.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from experiments import decoding_flags, launcher, picture_flags, run_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.encoders.find import check_weights
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings
from simclr_tf.protocols.label_budget import LabelBudget

if TYPE_CHECKING:
    import keras

    from simclr_tf.data import PictureSplits

_RUN_DIR = run_flags.define_run_dir("runs/finetune")
_SETTINGS = SettingsFlags(FineTuningSettings)
_BUDGET = SettingsFlags(LabelBudget)


def main() -> None:
    """Reads the flags and fine-tunes."""
    settings, budget = _SETTINGS.read(), _BUDGET.read()
    picture_flags.picture_config()
    _check_start(settings)
    config = {
        **picture_flags.picture_config(),
        **dataclasses.asdict(settings),
        **dataclasses.asdict(budget),
    }
    encoders: list[keras.Model] = []

    def read() -> PictureSplits:
        splits = picture_flags.read_pictures()
        encoders.append(_prepare(splits, settings, budget))
        return splits

    with run_flags.opened_run(_RUN_DIR.value, config, read) as opened:
        if opened is None:
            return
        run, splits = opened
        from simclr_tf.protocols import fine_tune

        metrics = fine_tune(encoders[0], splits, settings, budget, run)
        run.mark_finished({"top_1": metrics["top_1"], "labels": metrics["labels"]})
    _print_table(metrics)
    print(f"Results: {run.path / 'metrics.json'}, {run.path / 'before_after.png'}")
    print(f"Encoder: {run.path / 'encoder.keras'}")


def _check_start(settings: FineTuningSettings) -> None:
    """Refuses an encoder or a file that does not exist before any picture is read."""
    if settings.encoder_dir:
        decoding_flags.take_size_of_encoder(settings.encoder_dir)
        if settings.from_head_layer:
            from simclr_tf.encoders.find import find_projection_head

            find_projection_head(settings.encoder_dir)
    else:
        check_weights(settings.weights)


def _prepare(
    splits: PictureSplits, settings: FineTuningSettings, budget: LabelBudget
) -> keras.Model:
    """Refuses what does not fit together before a run folder is made; returns the encoder."""
    from simclr_tf.protocols.batch_shape import batch_shape
    from simclr_tf.protocols.labelled_splits import labelled_training

    batch_shape(labelled_training(splits, budget, settings.seed).train, settings)
    launcher.import_tensorflow()
    from simclr_tf.protocols import start_encoder
    from simclr_tf.protocols.fine_tuning_stages import check_stages

    encoder = start_encoder(settings, splits.train.images.shape[1])
    check_stages(encoder, settings)
    return encoder


def _print_table(metrics: dict) -> None:
    names = ("top_1", "top_3", "top_5", "map_at_r", "knn_accuracy", "linear_probe_accuracy")
    before, after = metrics["before"], metrics["after"]
    print(f"\n{metrics['labels']} labels, {after['queries']} queries on test, in %:")
    print(f"{'':23}{'before':>8}{'after':>8}")
    for name in (name for name in names if name in after):
        print(f"{name.replace('_', ' '):23}{100 * before[name]:8.1f}{100 * after[name]:8.1f}")


if __name__ == "__main__":
    launcher.launch(main)
