"""The whole benchmark: every case measured, and written down as soon as it is."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from experiments.benchmarks.accuracy import measure_accuracy
from experiments.benchmarks.block_table import block_table
from experiments.benchmarks.contestants import check_peers
from experiments.benchmarks.measure import Pool, measure
from experiments.benchmarks.plan import plan
from experiments.benchmarks.report import format_row, machine, write_report
from experiments.benchmarks.settings import BenchmarkSettings
from experiments.benchmarks.worker import Worker

if TYPE_CHECKING:
    from simclr_tf.data import PictureSplits

Rows = list[dict[str, Any]]


def benchmark(
    settings: BenchmarkSettings,
    output_dir: pathlib.Path,
    data_dir: str,
    splits: PictureSplits | None = None,
    show: Callable[[str], None] = print,
) -> Rows:
    """Measures, and writes benchmark.json and benchmark.png after every case.

    Args:
        settings: what to measure.
        output_dir: folder of the results, made when missing.
        data_dir: folder whose pictures `input`, `embed_folder` and `export` read, or whose
            drawings `detect` searches.
        splits: pictures with labels; only `accuracy` needs them.
        show: takes the lines for the person.

    Returns:
        The rows, see `rows_of`.

    Raises:
        ValueError: if a peer is not installed or does not see the device asked for, or `detect`
            has no drawings.
    """
    check_peers(settings)
    output_dir.mkdir(parents=True, exist_ok=True)
    about = {"machine": machine(), "settings": dataclasses.asdict(settings)}
    rows: Rows = []
    descriptions: dict[str, dict[str, Any]] = {}

    def start(fresh: bool) -> Worker:
        return Worker(settings.thread_count, settings.device, limit_memory=fresh)

    def record(measured: Rows) -> None:
        rows.extend(measured)
        for row in measured:
            show(format_row(row))
        write_report(output_dir, rows, descriptions, about)

    with Pool(start, settings.repeat_seconds) as pool:
        part = None
        for case in plan(settings, data_dir):
            if case.part != part:
                part = case.part
                show(part)
            measured = measure(case, pool, settings.repeats)
            for kind, description in pool.describe().items():
                _check_device(settings, kind, description)
                if description["versions"] and kind not in descriptions:
                    descriptions[kind] = description
                    show(f"  [{kind}: {_shown(description)}]")
            record(measured)
    for line in block_table(rows):
        show(line)
    if splits is not None and "accuracy" in settings.parts:
        show("accuracy")
        record(measure_accuracy(settings, splits, start))
    return rows


def _check_device(settings: BenchmarkSettings, kind: str, description: Mapping[str, Any]) -> None:
    if settings.device == "gpu" and description["versions"] and not description["gpu"]:
        frameworks = ", ".join(description["versions"])
        raise ValueError(
            f"`device` must be cpu where a contestant sees no GPU ({kind}: {frameworks}). "
            f"Received: device={settings.device!r}"
        )


def _shown(description: Mapping[str, Any]) -> str:
    versions = [f"{name} {version}" for name, version in description["versions"].items()]
    threads = [f"{count} {name} threads" for name, count in description["threads"].items()]
    return ", ".join([*versions, *threads, *filter(None, [description["gpu"]])])
