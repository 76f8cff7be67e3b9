"""What a benchmark leaves: benchmark.json, a chart and a table."""

from __future__ import annotations

import os
import pathlib
import platform
from collections.abc import Mapping, Sequence
from typing import Any

from simclr_tf.files import write_json
from simclr_tf.plots import plot_benchmark, save_figure
from simclr_tf.runs import package_versions


def machine() -> dict[str, Any]:
    """Returns the processor, its cores and how busy it was before the benchmark began."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "system": platform.platform(),
    }


def write_report(
    output_dir: pathlib.Path,
    rows: Sequence[Mapping[str, Any]],
    descriptions: Mapping[str, Mapping[str, Any]],
    about: Mapping[str, Any],
) -> None:
    """Writes benchmark.json and benchmark.png.

    Args:
        output_dir: folder to write into; it must exist.
        rows: see `rows_of`.
        descriptions: what each process said of itself, see `describe`.
        about: what `machine` returns, and the settings.
    """
    versions: dict[str, Any] = dict(package_versions())
    threads: dict[str, Any] = {}
    gpu = None
    for name, description in descriptions.items():
        versions |= description["versions"]
        threads |= {f"{name} {key}": value for key, value in description["threads"].items()}
        gpu = description["gpu"] or gpu
    data = {
        "rows": list(rows),
        "versions": versions,
        "machine": {**about["machine"], "threads": threads, "gpu": gpu},
        "settings": about["settings"],
    }
    write_json(output_dir / "benchmark.json", data)
    if any(row["ratio"] is not None for row in rows):
        axes = plot_benchmark(rows)
        save_figure(axes.figure, output_dir / "benchmark.png")


def format_row(row: Mapping[str, Any]) -> str:
    """Returns one line: what was measured, both values, the ratio and whether it is enough."""
    line = f"  {row['case']}: {format_value(row['ours'])} {row['unit']}"
    if row["peer_name"]:
        line += f"; {row['peer_name']} {format_value(row['peer'])}"
    if row["ratio"] is not None:
        line += f"; {row['ratio']:.2f}x"
    if row["target"] is not None:
        line += f" ({verdict(row)} {row['target']:.2f}x)"
    return line + "".join(f"\n    {name}: {why}" for name, why in row["failures"].items())


def verdict(row: Mapping[str, Any]) -> str:
    """Returns whether the row's target is reached: `"reaches"`, `"misses"` or `"unknown for"`."""
    if row["ratio"] is None:
        return "unknown for"
    return "reaches" if row["ratio"] >= row["target"] else "misses"


def format_value(value: float | None) -> str:
    """Returns a value with four digits, or more before the point."""
    return "failed" if value is None else f"{value:,.4g}" if value < 1000 else f"{value:,.0f}"


def _processor() -> str:
    information = pathlib.Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
