"""The runs of a sweep for TensorBoard's HParams."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from simclr_tf.protocols.sweep_record import FINISHED, SweepRecord, SweptRun
from simclr_tf.protocols.sweep_table import metric_rows
from simclr_tf.runs import RunFolder

FOLDER = "hparams"


def write_hparams(record: SweepRecord, results: Mapping[str, Any]) -> pathlib.Path:
    """Writes event files of all finished runs anew, one folder each; returns the folder of all.

    TensorBoard takes the last value of a scalar as the run's. The figure that the table is sorted
    by is therefore also written once as `best/NAME`, beside the figures of every epoch.

    Args:
        record: the sweep.
        results: what `sweep_results` returned of it.
    """
    folder = record.run_dir / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    metric = results["metric"]
    rows = {row["version"]: row for row in results["runs"] if row["status"] == FINISHED}
    runs = [run for run in record.runs if run.status == FINISHED]
    parameters = [
        hparams.HParam(name, _domain([record.values_of(run)[name] for run in runs]))
        for name in record.names
    ]
    with _events(folder):
        best = hparams.Metric(f"best/{metric}", display_name=f"best {metric}")
        hparams.hparams_config(hparams=parameters, metrics=[best])
    for run in runs:
        with _events(folder / f"version_{run.version}"):
            _write_run(record, run, metric, rows[run.version])
    return folder


def _write_run(record: SweepRecord, run: SweptRun, metric: str, row: Mapping[str, Any]) -> None:
    values = {name: value for name, value in record.values_of(run).items() if value is not None}
    hparams.hparams(values, trial_id=f"version_{run.version}")
    for epoch in metric_rows(RunFolder.read(record.folder_of(run))):
        step = int(epoch.pop("epoch") or 0)
        for name, value in epoch.items():
            if value is not None:
                tf.summary.scalar(name, value, step=step)
    if row[metric] is not None:
        tf.summary.scalar(f"best/{metric}", row[metric], step=row["best_epoch"])


def _domain(values: list[Any]) -> hparams.Discrete | None:
    known = {value for value in values if value is not None}
    return hparams.Discrete(sorted(known)) if known else None


@contextlib.contextmanager
def _events(folder: pathlib.Path) -> Iterator[None]:
    """Within it summaries go to an event file in `folder`."""
    writer = tf.summary.create_file_writer(os.fspath(folder))
    try:
        with writer.as_default():
            yield
    finally:
        writer.close()
