r"""Train every combination of a grid of settings, and sort the runs by their validation.

    python experiments/sweep.py --data_dir=FOLDER --encoder_dir=runs/mine --max_minutes=5 \
        --grid=objective=supcon,triplet --grid=learning_rate=1e-3,3e-4

The flags of finetune.py are the base (with `--sweep=pretrain` those of pretrain.py) and the grid
changes some of them; `--grid='unfreeze=head:2,all;all'` where values hold commas. Writes
runs/sweep/version_N for every run, as that script does, results.csv and results.json (best first)
and hparams/ for TensorBoard; with seeds in the grid (`--grid=seed=0,1,2`) also summary.md, means
and deviations over them. The same command goes on after a stop.

A run is a process of that script: one that is out of memory or crashes is recorded as failed, and
the next one begins with all the memory. In one process ten small fine-tunings grew from 983 to
1,517 MiB and from 16 to 25 seconds each; TensorFlow's start, a few seconds a run, costs less.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from absl import flags

from experiments import child_run, decoding_flags, launcher, picture_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.encoders.find import find_encoder, find_weights
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.negative_settings import NegativeSettings
from simclr_tf.protocols.settings import PretrainSettings
from simclr_tf.protocols.sweep_base import PictureSize, SweepBase
from simclr_tf.protocols.sweep_grid import (
    describe,
    grid_combinations,
    parse_grid,
    read_grid_file,
)
from simclr_tf.protocols.sweep_record import FINISHED, RECORD_FILE, SweepRecord, SweptRun
from simclr_tf.protocols.sweep_summary import check_report

_SWEPT: dict[str, tuple[type[Any], ...]] = {
    "finetune": (FineTuningSettings, LabelBudget, NegativeSettings),
    "pretrain": (PretrainSettings,),
}


def _script_of(arguments: list[str]) -> str:
    """Returns the script that --sweep names: it decides which flags there are to be read."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--sweep", "-sweep", default="finetune")
    script = parser.parse_known_args(arguments)[0].sweep
    return script if script in _SWEPT else "finetune"


_SWEEP = flags.DEFINE_enum("sweep", "finetune", list(_SWEPT), "script that makes the runs")
_GRID = flags.DEFINE_multi_string("grid", [], "a flag and its values, parted by , or else by ;")
_GRID_FILE = flags.DEFINE_string("grid_file", None, 'JSON instead: {"learning_rate": [1e-3, 3e-4]}')
_METRIC = flags.DEFINE_string("metric", "", "column of metrics.csv; what chose the best epoch")
_REPORT_TEST = flags.DEFINE_bool("report_test", False, "figures on test of all, for a report")
_FIGURES = flags.DEFINE_list("report_figures", "", "those: top_1,coarse/top_1,…; all if unset")
_RETRY_FAILED = flags.DEFINE_bool("retry_failed", False, "try again what failed before")
_RESUME = flags.DEFINE_bool("resume", False, "only go on with a sweep that --run_dir holds")
_RUN_DIR = flags.DEFINE_string("run_dir", "runs/sweep", "folder of the results and the versions")
_SETTINGS = [SettingsFlags(settings) for settings in _SWEPT[_script_of(sys.argv[1:])]]


def main() -> None:
    """Reads the flags, trains what is not trained yet and shows the table."""
    base = _base()
    if bool(_GRID.value) == (_GRID_FILE.value is not None):
        raise ValueError(
            "Exactly one of `grid` and `grid_file` must be given. Received: "
            f"grid={_GRID.value!r}, grid_file={_GRID_FILE.value!r}"
        )
    check_report(_SWEEP.value, _REPORT_TEST.value, _FIGURES.value)
    grids = parse_grid(_GRID.value) if _GRID.value else read_grid_file(_GRID_FILE.value)
    combinations = grid_combinations(base, grids)
    run_dir = pathlib.Path(_RUN_DIR.value)
    if _RESUME.value and not (run_dir / RECORD_FILE).is_file():
        raise ValueError(
            "`run_dir` must be a folder in which a sweep was started to resume it. "
            f"Received: run_dir={_RUN_DIR.value!r}"
        )
    for combination in combinations:
        _check_files(base.config(combination))
    _check_pictures()
    with _locked(run_dir) as lock:
        record = SweepRecord(run_dir, base, combinations)
        results = _sweep(record, lock)
        if results["best"] is None:
            reasons = [run.reason for run in record.runs if run.reason]
            raise ValueError(f"No run of the sweep came to a figure. {' '.join(reasons[:1])}")
        launcher.import_tensorflow()
        from simclr_tf.protocols.sweep_hparams import write_hparams

        folder = write_hparams(record, results)
    summary = f", {run_dir / 'summary.md'}" if results["groups"] else ""
    print(f"Results: {run_dir / 'results.csv'}, {run_dir / 'results.json'}{summary}")
    print(f"TensorBoard: tensorboard --logdir {folder}")


def _sweep(record: SweepRecord, lock: int) -> dict[str, Any]:
    from simclr_tf.protocols.sweep import run_sweep
    from simclr_tf.protocols.sweep_table import format_results, write_results

    def train(combination: Mapping[str, Any], resume: bool) -> str | None:
        changes = [f"--{name}={value}" for name, value in combination.items()]
        more = [f"--run_dir={record.run_dir}", *(["--resume"] if resume else [])]
        return child_run.run_child([*_command(), *changes, *more], lock)

    def show_start(run: SweptRun) -> None:
        place = record.asked.index(run) + 1
        print(f"[{place}/{len(record.asked)}] {describe(run.values)}", flush=True)

    def show_end(run: SweptRun) -> None:
        results = write_results(record, _METRIC.value)
        if run.status == FINISHED:
            row = next(row for row in results["runs"] if row["version"] == run.version)
            metric = results["metric"]
            value = "is no number" if row[metric] is None else f"{row[metric]:.4g}"
            print(f"    version_{run.version}: {metric} {value}", flush=True)
        else:
            print(f"    failed: {run.reason}", flush=True)

    run_sweep(record, train, retry_failed=_RETRY_FAILED.value, on_start=show_start, on_end=show_end)
    results = write_results(record, _METRIC.value, _REPORT_TEST.value, _FIGURES.value)
    print(f"\n{format_results(results, _FIGURES.value)}\n")
    return results


def _base() -> SweepBase:
    parts = [settings.read() for settings in _SETTINGS]
    encoder_dir = getattr(parts[0], "encoder_dir", "")
    if encoder_dir:
        decoding_flags.take_size_of_encoder(encoder_dir)
    pictures = picture_flags.picture_config()
    size = PictureSize(pictures.pop("image_size"), pictures.pop("resize_mode"))
    return SweepBase(_SWEEP.value, [*parts, size], pictures)


def _check_files(config: Mapping[str, Any]) -> None:
    """Refuses an encoder or weights that do not exist before anything is trained."""
    if config.get("encoder_dir"):
        find_encoder(config["encoder_dir"])
    elif "weights" in config:
        find_weights(config["weights"])


def _check_pictures() -> None:
    """Refuses a folder that cannot be used; every run decodes or finds them decoded by itself."""
    arguments = picture_flags.picture_config()
    if arguments["data_dir"] is not None:
        from simclr_tf.data import index_pictures

        index_pictures(
            arguments["data_dir"],
            arguments["dataset"],
            label_depth=arguments["label_depth"],
            cache_dir=decoding_flags.CACHE_DIR.value,
        )


def _command() -> list[str]:
    """Returns the command of a run but for its combination: the script and the base's flags."""
    script = pathlib.Path(__file__).with_name(f"{_SWEEP.value}.py")
    shared = [
        flag
        for module, defined in flags.FLAGS.flags_by_module_dict().items()
        if module.startswith("experiments.") and module != __name__
        for flag in defined
    ]
    return [sys.executable, os.fspath(script), *(f.serialize() for f in shared if f.present)]


@contextlib.contextmanager
def _locked(run_dir: pathlib.Path) -> Iterator[int]:
    from simclr_tf.runs import lock_folder

    lock = lock_folder(run_dir)
    try:
        yield lock
    finally:
        os.close(lock)


if __name__ == "__main__":
    launcher.launch(main)
