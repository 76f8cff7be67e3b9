"""The runs of a sweep that differ in their seed alone, as means with their spread."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from simclr_tf.protocols.figures import check_figure, flat_figures, shown_name
from simclr_tf.protocols.sweep_record import FINISHED, SweepRecord

SEED = "seed"
_METRICS_FILE = "metrics.json"


def seed_groups(
    record: SweepRecord,
    rows: Sequence[Mapping[str, Any]],
    metric: str,
    less_is_better: bool,
    report_test: bool = False,
) -> list[dict[str, Any]]:
    """Returns the groups of runs that differ in their seed alone, the best mean first.

    Runs that failed, are not finished or whose figure is not a number are counted, no more.

    Args:
        record: the sweep.
        rows: its runs as `sweep_results` makes them.
        metric: the figure of the validation.
        less_is_better: of that figure.
        report_test: give the figures on test of every group, which is for reporting, not for
            choosing.

    Returns:
        For each group with a figure: `values`, the settings that its runs share; `seeds` and
        `versions` of those that count; `missing`, how many do not; `mean` and `std` (sample
        standard deviation; None for one run) of `metric` and of `training_seconds`; and with
        `report_test` those of each figure in `test` and `before`, the encoder before the training.
    """
    shared = [name for name in record.names if name != SEED]
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in shared), []).append(row)
    found = []
    for values, members in groups.items():
        counted = [row for row in members if row.get(metric) is not None]
        if counted:
            group = _group(record, counted, metric)
            group["values"] = dict(zip(shared, values, strict=True))
            group["missing"] = len(members) - len(counted)
            if report_test:
                group |= _test_figures(record, counted)
            found.append(group)
    sign = 1 if less_is_better else -1
    return sorted(found, key=lambda group: sign * group[metric]["mean"])


def add_group_columns(
    rows: Sequence[dict[str, Any]], groups: Sequence[Mapping[str, Any]], metric: str
) -> None:
    """Adds mean, standard deviation and number of seeds of its group to each row that counts."""
    for group in groups:
        for row in rows:
            if row["status"] == FINISHED and row["version"] in group["versions"]:
                row[f"{metric}_mean"] = group[metric]["mean"]
                row[f"{metric}_std"] = group[metric]["std"]
                row["seeds"] = len(group["versions"])
                row["reason"] = row.pop("reason")


def format_groups(results: Mapping[str, Any], figures: Sequence[str] = ()) -> str:
    """Returns the groups as a table in Markdown; empty where there are none.

    Args:
        results: what `sweep_results` returned.
        figures: on test, by the names of `flat_figures`; all that there are by default.
    """
    groups, metric = results["groups"], results["metric"]
    if not groups:
        return ""
    settings = list(groups[0]["values"])
    known = [name for group in groups for name in group.get("test", {})]
    shown = list(figures or dict.fromkeys(known)) if known else []
    cells = [[*settings, "seeds", shown_name(metric), *map(shown_name, shown), "minutes"]]
    for group in groups:
        missing = f" of {len(group['seeds']) + group['missing']}" if group["missing"] else ""
        cells.append(
            [
                *(str(group["values"][name]) for name in settings),
                f"{len(group['seeds'])}{missing}",
                _spread(group[metric], percent=not results["less_is_better"]),
                *(_change(group, name) for name in shown),
                _spread({**group["training_seconds"], "std": None}, 1 / 60),
            ]
        )
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [_line(line, widths) for line in cells]
    return "\n".join([lines[0], _line(["-" * width for width in widths], widths), *lines[1:]])


def check_report(script: str, report_test: bool, figures: Sequence[str]) -> None:
    """Raises `ValueError` unless the runs of `script` can be reported so.

    Args:
        script: that makes the runs.
        report_test: whether figures on test are asked for.
        figures: which, see `format_groups`.
    """
    if report_test and script != "finetune":
        raise ValueError(
            "`report_test` is for sweeps of finetune, which measures on test. "
            f"Received: report_test=True, sweep={script!r}"
        )
    if figures and not report_test:
        raise ValueError(
            "`report_figures` may be given only with `report_test`. "
            f"Received: report_figures={','.join(figures)!r}"
        )
    for name in figures:
        check_figure("report_figures", name)


def _group(record: SweepRecord, rows: Sequence[Mapping[str, Any]], metric: str) -> dict[str, Any]:
    base = record.base.config()
    return {
        "values": {},
        "seeds": [row.get(SEED, base.get(SEED)) for row in rows],
        "versions": [row["version"] for row in rows],
        "missing": 0,
        **{
            name: _mean_and_std([row[name] for row in rows])
            for name in (metric, "training_seconds")
        },
    }


def _test_figures(record: SweepRecord, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    tested, before = [], []
    for row in rows:
        path = record.run_dir / f"version_{row['version']}" / _METRICS_FILE
        stored = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        tested.append(flat_figures(stored))
        before.append(flat_figures(stored.get("before", {})))
    return {"test": _means(tested), "before": _means(before)}


def _means(runs: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
    """Returns mean and standard deviation of the figures that all runs have."""
    names = [name for name in runs[0] if all(name in figures for figures in runs)]
    return {name: _mean_and_std([figures[name] for figures in runs]) for name in names}


def _mean_and_std(values: Sequence[float]) -> dict[str, float | None]:
    spread = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.fmean(values), "std": spread}


def _change(group: Mapping[str, Any], name: str) -> str:
    """Returns `82.3 → 90.1 ± 0.4`."""
    after = group.get("test", {}).get(name)
    if after is None:
        return "-"
    before = group.get("before", {}).get(name)
    start = "" if before is None else f"{_spread({**before, 'std': None}, percent=True)} → "
    return start + _spread(after, percent=True)


def _spread(
    value: Mapping[str, float | None], factor: float = 1.0, *, percent: bool = False
) -> str:
    """Returns `90.1 ± 0.4`, of fractions in percent."""
    mean, std = value["mean"] or 0.0, value["std"]
    if percent:
        factor *= 100
    shape = ".1f" if percent or factor != 1 else ".4g"
    return f"{mean * factor:{shape}}" + ("" if std is None else f" ± {std * factor:{shape}}")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"
