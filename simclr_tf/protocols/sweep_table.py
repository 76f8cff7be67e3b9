"""The runs of a sweep side by side, best first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from simclr_tf.checks import check_one_of
from simclr_tf.files import read_json, write_atomically, write_csv, write_json
from simclr_tf.protocols.figures import flat_figures, shown_name
from simclr_tf.protocols.sweep_record import FINISHED, SweepRecord, SweptRun
from simclr_tf.protocols.sweep_summary import SEED, add_group_columns, format_groups, seed_groups
from simclr_tf.runs import RunFolder

RESULTS = "results"
SUMMARY_FILE = "summary.md"
_PLAN_FILE = "plan.json"
_LONGEST_REASON = 60


def sweep_results(
    record: SweepRecord, metric: str = "", report_test: bool = False
) -> dict[str, Any]:
    """Returns what results.json holds: every run, sorted by a figure of its validation.

    A run's figures are those of its best epoch, which the run chose by its own monitor and whose
    weights it kept. Test figures are given of the best run alone: they are no choice's reason.
    Where seeds differ, or test figures are asked for, runs that differ in their seed alone are
    summed up as well.

    Args:
        record: the sweep.
        metric: column of metrics.csv to sort by; the monitor of the first finished run where it
            is empty. Less is better of what has `loss` in its name.
        report_test: also give the figures on test of every group.

    Returns:
        `metric`, `less_is_better`, `runs` (best first; then those whose figure is not a number,
        those that are not finished and those that failed), `best`: version, values, metric
        and `test`, or None where no run has the figure; and `groups`, see `seed_groups`.

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
    groups: list[dict[str, Any]] = []
    if SEED in record.names or report_test:
        groups = seed_groups(record, rows, metric, less_is_better, report_test)
    if SEED in record.names:
        add_group_columns(rows, groups, metric)
    return {
        "script": record.base.script,
        "metric": metric,
        "less_is_better": less_is_better,
        "settings": record.names,
        "best": _best(record, rows, metric),
        "groups": groups,
        "runs": rows,
    }


def write_results(
    record: SweepRecord,
    metric: str = "",
    report_test: bool = False,
    figures: Sequence[str] = (),
) -> dict[str, Any]:
    """Writes results.json, results.csv and, of groups, summary.md; returns `sweep_results`.

    Args:
        record: see `sweep_results`, as for the next two.
        metric: column of metrics.csv.
        report_test: also give the figures on test of every group.
        figures: those of summary.md, see `format_groups`.
    """
    results = sweep_results(record, metric, report_test)
    write_json(record.run_dir / f"{RESULTS}.json", results)
    write_csv(record.run_dir / f"{RESULTS}.csv", results["runs"])
    if results["groups"]:
        write_atomically(record.run_dir / SUMMARY_FILE, format_groups(results, figures) + "\n")
    return results


def format_results(results: Mapping[str, Any], figures: Sequence[str] = ()) -> str:
    """Returns the tables of a sweep as lines of text for a terminal; see `write_results`."""
    metric = results["metric"]
    # Without a finished run there is no metric.
    columns = [metric, "best_epoch", "training_seconds"] if metric else ["best_epoch"]
    names = ["rank", "version", *results["settings"], *columns]
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
            f"{shown_name(name)} {100 * value:.1f} %" for name, value in best["test"].items()
        )
        lines += ["", f"On test, version_{best['version']}, the best on validation: {test}"]
    if results["groups"]:
        lines += ["", "Means over seeds, ± standard deviation:", format_groups(results, figures)]
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
    plan = read_json(folder.path / _PLAN_FILE, dict)
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
    test = read_json(path, dict) if path.is_file() else {}
    return {
        "version": row["version"],
        "values": {name: row[name] for name in record.names},
        metric: row[metric],
        "test": flat_figures(test),
    }


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
