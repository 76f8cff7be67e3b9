r"""Specialise an encoder with labels: SupCon, triplet or cross-entropy.

    python experiments/finetune.py --encoder_dir=runs/mine --data_dir=FOLDER --labels_per_class=10
    python experiments/finetune.py --encoder=squeezenet --weights=FILE.h5 --data_dir=FOLDER
    python experiments/finetune.py --data_dir=crops --augment=drawing --image_size=64 \
        --negatives_dir=crops/unlabelled --negative_share=.25

With `--negatives_dir`, every batch holds pictures of no class (background, false alarms), which
supcon and triplet push away from all classes and otherwise leave alone. Pictures without a label in
`--data_dir` take no part.

Writes runs/finetune/version_N: encoder.keras, metrics.json and before_after.png (retrieval, kNN and
linear probe on test, before and after; retrieval also of the broader classes where folders are
nested), classifier.keras where cross-entropy trained one, metrics.csv, curves.png and checkpoints.
`--resume` continues after a stop. `--strategy` trains on several GPUs or machines; see
launch_workers.py.
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import TYPE_CHECKING

from experiments import (
    decoding_flags,
    distribution_flags,
    launcher,
    picture_flags,
    run_flags,
    worker_runs,
)
from experiments.settings_flags import SettingsFlags
from simclr_tf.encoders.find import find_weights
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.negative_settings import NegativeSettings
from simclr_tf.runs import SafetySettings

if TYPE_CHECKING:
    import keras

    from simclr_tf.data import PictureSplits
    from simclr_tf.protocols.negatives import Negatives

_RUN_DIR = run_flags.define_run_dir("runs/finetune")
_SETTINGS = SettingsFlags(FineTuningSettings)
_BUDGET = SettingsFlags(LabelBudget)
_NEGATIVES = SettingsFlags(NegativeSettings)
_SAFETY = SettingsFlags(SafetySettings)


@dataclasses.dataclass
class _Start:
    """What is known before a run folder is made."""

    encoder: keras.Model
    negatives: Negatives | None


def main() -> None:
    """Reads the flags and fine-tunes."""
    settings, budget = _SETTINGS.read(), _BUDGET.read()
    wanted, safety = _NEGATIVES.read(), _SAFETY.read()
    picture_flags.picture_config()
    _check_start(settings, wanted)
    config = {
        **picture_flags.picture_config(),
        **dataclasses.asdict(settings),
        **dataclasses.asdict(budget),
        **(dataclasses.asdict(wanted) if wanted.negatives_dir else {}),
        **dataclasses.asdict(safety),
    }
    starts: list[_Start] = []

    def read() -> PictureSplits:
        splits = picture_flags.read_pictures()
        starts.append(_prepare(splits, settings, budget, wanted))
        return splits

    with worker_runs.opened_run(_RUN_DIR.value, config, read) as opened:
        if opened is None:
            return
        run, splits = opened
        from simclr_tf.protocols import fine_tune

        start = starts[0]
        metrics = fine_tune(
            start.encoder, splits, settings, budget, run, start.negatives, safety=safety
        )
        run.mark_finished({"top_1": metrics["top_1"], "labels": metrics["labels"]})
        _print_table(metrics)
        print(f"Results: {run.path / 'metrics.json'}, {run.path / 'before_after.png'}")
        print(f"Encoder: {run.path / 'encoder.keras'}")


def _check_start(settings: FineTuningSettings, wanted: NegativeSettings) -> None:
    """Refuses an encoder, file or folder that does not exist before any picture is read."""
    if wanted.negatives_dir:
        _check_negatives(wanted.negatives_dir)
    if settings.encoder_dir:
        decoding_flags.take_size_of_encoder(settings.encoder_dir)
        if settings.from_head_layer:
            from simclr_tf.encoders.find import find_projection_head

            find_projection_head(settings.encoder_dir)
    else:
        find_weights(settings.weights)


def _check_negatives(folder: str) -> None:
    place = pathlib.Path(folder).expanduser().resolve()
    if not place.is_dir():
        raise ValueError(
            "`negatives_dir` must be an existing folder of pictures. "
            f"Received: negatives_dir={folder!r}"
        )
    data_dir = picture_flags.picture_config()["data_dir"]
    if data_dir and pathlib.Path(data_dir).expanduser().resolve().is_relative_to(place):
        raise ValueError(
            "`negatives_dir` must not hold the classes of `data_dir`, which would be negatives of "
            f"themselves. Received: negatives_dir={folder!r}, data_dir={data_dir!r}"
        )


def _prepare(
    splits: PictureSplits,
    settings: FineTuningSettings,
    budget: LabelBudget,
    wanted: NegativeSettings,
) -> _Start:
    """Refuses what does not fit together before a run folder is made."""
    from simclr_tf.protocols.batch_shape import batch_shape
    from simclr_tf.protocols.labelled_splits import labelled_training
    from simclr_tf.protocols.microbatch_check import check_microbatches
    from simclr_tf.protocols.negatives import Negatives

    labelled = labelled_training(splits, budget, settings.seed).train
    shape = batch_shape(labelled, settings, wanted.negative_share if wanted.negatives_dir else 0.0)
    distribution_flags.check_batch_size("batch_size", shape.size)
    if settings.microbatch_size:
        distribution_flags.check_batch_size("microbatch_size", settings.microbatch_size)
    check_microbatches(shape, settings)
    negatives = None
    if wanted.negatives_dir:
        unlabelled = picture_flags.read_unlabelled(wanted.negatives_dir)
        negatives = Negatives.of(unlabelled, wanted.negative_share)
        print(
            f"{wanted.negatives_dir}: {len(negatives.pictures)} negatives, {shape.negatives} in "
            f"every batch of {shape.size}"
        )
    launcher.import_tensorflow()
    from simclr_tf.protocols import start_encoder
    from simclr_tf.protocols.fine_tuning_stages import check_stages

    encoder = start_encoder(settings, splits.train.images.shape[1])
    check_stages(encoder, settings)
    return _Start(encoder, negatives)


def _print_table(metrics: dict) -> None:
    from simclr_tf.protocols.figures import figure_lines

    print(f"\n{metrics['labels']} labels, {metrics['after']['queries']} queries on test, in %:")
    print("\n".join(figure_lines({name: metrics[name] for name in ("before", "after")})))


if __name__ == "__main__":
    launcher.launch(main)
