"""The combinations of settings that a sweep tries, from the command line or a small file."""

from __future__ import annotations

import difflib
import itertools
import math
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from simclr_tf.files import read_json
from simclr_tf.protocols.sweep_base import SweepBase, Value

_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_WANTED = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
_FORM = (
    "name=value,value,..., as learning_rate=1e-3,3e-4, or with ; between values that hold commas, "
    "as unfreeze=head:2,all;all"
)

Grid = dict[str, list[Any]]


def parse_grid(texts: Sequence[str]) -> list[Grid]:
    """Returns the grid of the command line: every combination of the named values.

    Args:
        texts: each one setting with its values, as `learning_rate=1e-3,3e-4`. Where a `;` is
            among them it parts the values, and commas belong to them: `unfreeze=head:2,all;all`;
            one at the end parts nothing, for a single such value: `unfreeze=head:2,all;`.

    Raises:
        ValueError: if a text is of another form or a setting is named twice.
    """
    grid: Grid = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip().lstrip("-")
        if not equals or not name:
            raise ValueError(f"`grid` must be of the form {_FORM}. Received: {text!r}")
        if name in grid:
            raise ValueError(f"`grid` must name each setting once. Received: {name} twice")
        parts = values.removesuffix(";").split(";") if ";" in values else values.split(",")
        grid[name] = [value.strip() for value in parts]
    return [grid]


def read_grid_file(path: str | os.PathLike[str]) -> list[Grid]:
    """Returns the grids of a JSON file, whose combinations are tried one grid after the other.

    Args:
        path: the file: `{"learning_rate": [1e-3, 3e-4], "objective": "supcon"}`, or a list of
            such grids where some settings belong to others.

    Raises:
        ValueError: if there is no such file, or it holds something else.
    """
    try:
        content = read_json(pathlib.Path(path).expanduser())
    except (OSError, ValueError) as error:
        raise ValueError(
            f"`grid_file` must be a readable file of JSON ({error}). "
            f"Received: grid_file={os.fspath(path)!r}"
        ) from error
    grids = content if isinstance(content, list) else [content]
    if not grids or not all(isinstance(grid, dict) for grid in grids):
        raise ValueError(
            '`grid_file` must hold {"setting": [value, ...], ...} or a list of those. '
            f"Received: grid_file={os.fspath(path)!r}"
        )
    return [
        {name: value if isinstance(value, list) else [value] for name, value in grid.items()}
        for grid in grids
    ]


def grid_combinations(base: SweepBase, grids: Sequence[Grid]) -> list[dict[str, Value]]:
    """Returns every combination of every grid, its values in the types of the settings.

    Args:
        base: settings that the combinations change.
        grids: values by name of the setting.

    Raises:
        ValueError: if there is none, a setting is unknown, a value or a combination is not
            accepted, or two combinations make the same run.
    """
    combinations: list[dict[str, Value]] = []
    made: set[tuple[tuple[str, Value], ...]] = set()
    for grid in grids:
        typed = {name: _typed(base, name, values) for name, values in grid.items()}
        for values in itertools.product(*typed.values()) if typed else ():
            combination = dict(zip(typed, values, strict=True))
            identity = run_identity(base.config(combination))
            if identity in made:
                raise ValueError(
                    "`grid` must not make the same run twice. "
                    f"Received: {describe(combination)} twice"
                )
            made.add(identity)
            combinations.append(combination)
    if not combinations:
        raise ValueError(f"`grid` must have at least one combination: {_FORM}. Received: none")
    return combinations


def run_identity(config: Mapping[str, Value]) -> tuple[tuple[str, Value], ...]:
    """Returns what two runs share if and only if they are the same."""
    return tuple(sorted(config.items()))


def describe(combination: Mapping[str, Value]) -> str:
    """Returns `learning_rate=0.001 objective=supcon`."""
    return " ".join(f"{name}={value}" for name, value in combination.items())


def _typed(base: SweepBase, name: str, values: Sequence[Any]) -> list[Value]:
    if name not in base.types:
        near = difflib.get_close_matches(name, base.types, 1)
        hint = f"did you mean {near[0]}?" if near else "--help lists them"
        raise ValueError(f"`grid` must name settings of {base.script} ({hint}). Received: {name!r}")
    if not values:
        raise ValueError(f"`grid` must give {name} at least one value. Received: none")
    kind = base.types[name]
    typed = [_as(kind, value) for value in values]
    for value, given in zip(typed, values, strict=True):
        if value is None:
            raise ValueError(
                f"`grid` must give {name} {_WANTED[kind]} each time. Received: {given!r}"
            )
    return typed


def _as(kind: Any, value: Any) -> Value:
    """Returns `value` as a `kind`, or None where it is not one."""
    if isinstance(value, str) and kind is not str:
        if kind is bool:
            return _BOOLEANS.get(value.lower())
        try:
            value = kind(value)
        except ValueError:
            return None
    # To Python a boolean is a whole number as well.
    if kind is float and type(value) is int:
        try:
            value = float(value)
        except OverflowError:
            return None
    if type(value) is not kind or (kind is float and not math.isfinite(value)):
        return None
    return value
