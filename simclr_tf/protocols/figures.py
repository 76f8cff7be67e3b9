"""The figures of an embedding by name, for tables; nothing here imports TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simclr_tf.checks import check_one_of

RETRIEVAL = ("top_1", "top_3", "top_5", "map_at_r")
FIGURES = (*RETRIEVAL, "knn_accuracy", "linear_probe_accuracy", "classifier_accuracy")
_NAME_WIDTH = 23


def flat_figures(report: Mapping[str, Any]) -> dict[str, float]:
    """Returns the figures of an `embedding_report` in order, each with a name of its own.

    Args:
        report: as `metrics.json` holds it, or its `before` or `after`.

    Returns:
        Fractions by name: those in `FIGURES` that the report has, then those of its broader
        classes as `coarse/top_1`, the broadest first.
    """
    figures = {name: report[name] for name in FIGURES if name in report}
    for level, values in report.get("broader", {}).items():
        figures |= {f"{level}/{name}": values[name] for name in RETRIEVAL}
    return figures


def check_figure(argument: str, name: str) -> None:
    """Raises `ValueError` unless `name` may be one of `flat_figures`.

    Args:
        argument: what the name was given as, for the error.
        name: such as `top_1` or `coarse/top_1`.
    """
    level, _, figure = name.rpartition("/")
    check_one_of(argument, figure if level else name, RETRIEVAL if level else FIGURES)


def figure_lines(reports: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Returns a table as lines of text: a row for each figure in %, a column for each report.

    Args:
        reports: as `flat_figures` takes them, by the head of their column.
    """
    flat = {head: flat_figures(report) for head, report in reports.items()}
    found = dict.fromkeys(name for figures in flat.values() for name in figures)
    # One that only a later report has keeps its place.
    names = [name for name in FIGURES if name in found]
    names += [name for name in found if name not in names]
    lines = [" " * _NAME_WIDTH + "".join(f"{head:>8}" for head in flat)]
    for name in names:
        cells = (
            f"{100 * figures[name]:8.1f}" if name in figures else f"{'-':>8}"
            for figures in flat.values()
        )
        lines.append(f"{shown_name(name):{_NAME_WIDTH}}" + "".join(cells))
    return lines


def shown_name(name: str) -> str:
    """Returns `coarse top 1` for `coarse/top_1`."""
    return name.replace("/", " ").replace("_", " ")
