"""What the blockwise loss costs by the size of its blocks, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.benchmarks.report import format_value

# Within the names of the cases that the table is made of.
BY_BLOCK_SIZE = " by block size, "


def block_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns the lines of a table, a block size a line; none where none was measured.

    Args:
        rows: see `rows_of`; those of other cases are left out.
    """
    heads: dict[str, str] = {}
    values: dict[str, dict[str, float | None]] = {}
    for row in rows:
        case = row["case"]
        if BY_BLOCK_SIZE not in case:
            continue
        heads[case] = f"{case.partition(BY_BLOCK_SIZE)[0]}, {row['unit']}"
        values.setdefault("default", {})[case] = row["ours"]
        values.setdefault(row["peer_name"], {})[case] = row["peer"]
    if not heads:
        return []
    first = max(map(len, values))
    lines = ["  ".join([" " * first, *heads.values()])]
    for name, by_case in values.items():
        cells = (_cell(by_case.get(case), len(head)) for case, head in heads.items())
        lines.append("  ".join([name.ljust(first), *cells]))
    return lines


def _cell(value: float | None, width: int) -> str:
    return format_value(value).rjust(width)
