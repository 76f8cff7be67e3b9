"""Pretrain an encoder on a folder of pictures without labels (SimCLR).

    python experiments/pretrain.py --data_dir=FOLDER --run_dir=runs/mine

Writes runs/mine/version_N: config.json, metrics.csv, curves.png, views.png, encoder.keras,
TensorBoard logs and checkpoints. `--resume` continues after a stop. `--strategy` trains on several
GPUs or machines with the result of one; see launch_workers.py.
"""

from __future__ import annotations

import dataclasses
import shlex
from typing import TYPE_CHECKING

from experiments import distribution_flags, launcher, picture_flags, run_flags, worker_runs
from experiments.settings_flags import SettingsFlags
from simclr_tf.protocols.settings import PretrainSettings
from simclr_tf.runs import SafetySettings

if TYPE_CHECKING:
    from simclr_tf.data import PictureSplits

_RUN_DIR = run_flags.define_run_dir("runs/pretrain")
_SETTINGS = SettingsFlags(PretrainSettings)
_SAFETY = SettingsFlags(SafetySettings)


def _read(settings: PretrainSettings) -> PictureSplits:
    from simclr_tf.data import steps_per_epoch

    distribution_flags.check_batch_size("batch_size", settings.batch_size)
    splits = picture_flags.read_pictures()
    # Refused before a run folder is made for it.
    steps_per_epoch(len(splits.train), settings.batch_size)
    return splits


def main() -> None:
    """Reads the flags and pretrains."""
    settings, safety = _SETTINGS.read(), _SAFETY.read()
    config = {
        **picture_flags.picture_config(),
        **dataclasses.asdict(settings),
        **dataclasses.asdict(safety),
    }
    with worker_runs.opened_run(_RUN_DIR.value, config, lambda: _read(settings)) as opened:
        if opened is None:
            return
        run, splits = opened
        launcher.import_tensorflow()
        from simclr_tf.protocols import pretrain

        pretrain(splits, settings, run, safety=safety)
        last = {name: value for name, value in run.read_metrics()[-1].items() if value}
        run.mark_finished({name: float(value) for name, value in last.items()})
        print(f"Encoder: {run.path / 'encoder.keras'}")
        encoder_dir = shlex.quote(_RUN_DIR.value)
        print(
            f"Next: python experiments/linear_probe.py --encoder_dir={encoder_dir} "
            f"{picture_flags.given_arguments()}".rstrip()
        )


if __name__ == "__main__":
    launcher.launch(main)
