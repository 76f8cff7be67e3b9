"""The runs of a sweep side by side, best first."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from simclr_tf.checks import check_one_of
from simclr_tf.files import write_csv, write_json
from simclr_tf.protocols.sweep_record import FINISHED, SweepRecord, SweptRun
from simclr_tf.runs import RunFolder

RESULTS = "results"
_PLAN_FILE = "plan.json"
_TEST_MEASURES = ("top_1", "top_3", "top_5", "map_at_r", "knn_accuracy", "linear_probe_accuracy")
_LONGEST_REASON = 60


def sweep_results(record: SweepRecord, metric: str = "") -> dict[str, Any]:
    """Returns what results.json holds: every run, sorted by a figure of its validation.

    A run's figures are those of its best epoch, which the run chose by its own monitor and whose
    weights it kept. Test figures are given of the best run alone: they are no choice's reason.

    Args:
        record: the sweep.
        metric: column of metrics.csv to sort by; the monitor of the first finished run where it
            is empty. Less is better of what has `loss` in its name.

    Returns:
        `metric`, `less_is_better`, `runs` (best first; then those whose figure is not a number,
        those that are not finished and those that failed) and `best`: version, values, metric
        and `test`, or None where no run has the figure.

    Raises:
        ValueError: if a finished run has no such column.
    """
    chosen = {id(run): _best_epoch(record, run) for run in record.runs if run.status == FINISHED}
    if not metric and chosen:
        metric = next(iter(chosen.values()))["monitor"]
    less_is_better = "loss" in metric
    rows = [_row(record, run, chosen.get(id(run)), metric) for run in record.runs]
    sign = 1 if less_is_better else -1

    def place(row: Mapping[str, Any]) -> tuple[int, float]:
        if row.get(metric) is not None:
            return 0, sign * row[metric]
        return (FINISHED, "started", "waiting", "failed").index(row["status"]) + 1, 0.0

    rows.sort(key=place)
    for number, row in enumerate(rows, 1):
        row["rank"] = number if row.get(metric) is not None else None
    return {
        "script": record.base.script,
        "metric": metric,
        "less_is_better": less_is_better,
        "settings": record.names,
        "best": _best(record, rows, metric),
        "runs": rows,
    }


def write_results(record: SweepRecord, metric: str = "") -> dict[str, Any]:
    """Writes results.json and results.csv into the sweep's folder; returns `sweep_results`."""
    results = sweep_results(record, metric)
    write_json(record.run_dir / f"{RESULTS}.json", results)
    write_csv(record.run_dir / f"{RESULTS}.csv", results["runs"])
    return results


def format_results(results: Mapping[str, Any]) -> str:
    """Returns the table of a sweep as lines of text for a terminal."""
    metric = results["metric"]
    # Without a finished run there is no metric.
    figures = [metric, "best_epoch", "training_seconds"] if metric else ["best_epoch"]
    names = ["rank", "version", *results["settings"], *figures]
    cells = [names]
    for row in results["runs"]:
        line = [_shown(row.get(name)) for name in names]
        if row["status"] != FINISHED:
            line[-1] = f"{row['status']}: {row['reason']}"[:_LONGEST_REASON].rstrip(": ")
        cells.append(line)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    best = results["best"]
    if best is not None and best["test"]:
        test = ", ".join(
            f"{name.replace('_', ' ')} {100 * value:.1f} %" for name, value in best["test"].items()
        )
        lines += ["", f"On test, version_{best['version']}, the best on validation: {test}"]
    return "\n".join(lines)


def _row(
    record: SweepRecord, run: SweptRun, epoch: Mapping[str, Any] | None, metric: str
) -> dict[str, Any]:
    row: dict[str, Any] = {"rank": None, "version": run.version, "status": run.status}
    row |= record.values_of(run)
    if epoch is not None:
        figures = epoch["figures"]
        check_one_of("metric", metric, figures)
        validation = {name: value for name, value in figures.items() if name.startswith("val_")}
        row |= {metric: figures[metric], **validation}
        row |= {name: epoch[name] for name in ("best_epoch", "training_seconds")}
    return {**row, "reason": run.reason}


def _best_epoch(record: SweepRecord, run: SweptRun) -> dict[str, Any]:
    folder = RunFolder.read(record.folder_of(run))
    plan = json.loads((folder.path / _PLAN_FILE).read_text(encoding="utf-8"))
    rows = metric_rows(folder)
    sign = 1 if plan["mode"] == "min" else -1
    # Of equal epochs the run kept the first.
    best = min(rows, key=lambda row: (row[plan["monitor"]] is None, sign * _number(row, plan)))
    seconds = sum(row.get("epoch_seconds") or 0.0 for row in rows)
    return {
        "monitor": plan["monitor"],
        "best_epoch": int(best.pop("epoch") or 0),
        "training_seconds": round(seconds, 1),
        "figures": best,
    }


def _number(row: Mapping[str, float | None], plan: Mapping[str, str]) -> float:
    return row[plan["monitor"]] or 0.0


def metric_rows(folder: RunFolder) -> list[dict[str, float | None]]:
    """Returns the rows of metrics.csv as numbers; None for what is empty or not finite."""
    return [{name: _finite(text) for name, text in row.items()} for row in folder.read_metrics()]


def _finite(text: str) -> float | None:
    value = float(text) if text else math.nan
    return value if math.isfinite(value) else None


def _best(
    record: SweepRecord, rows: Sequence[Mapping[str, Any]], metric: str
) -> dict[str, Any] | None:
    if not rows or rows[0].get("rank") is None:
        return None
    row = rows[0]
    path = record.run_dir / f"version_{row['version']}" / "metrics.json"
    test = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {
        "version": row["version"],
        "values": {name: row[name] for name in record.names},
        metric: row[metric],
        "test": {name: test[name] for name in _TEST_MEASURES if name in test},
    }


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
