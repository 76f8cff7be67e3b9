"""What is known of the runs of a sweep, on disk after every change."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from simclr_tf.files import read_json, write_json
from simclr_tf.protocols.sweep_base import SweepBase, Value
from simclr_tf.protocols.sweep_grid import run_identity
from simclr_tf.runs import config_differences

RECORD_FILE = "sweep.json"
WAITING, STARTED, FINISHED, FAILED = "waiting", "started", "finished", "failed"


@dataclasses.dataclass
class SweptRun:
    """One run of a sweep.

    Attributes:
        values: its combination: the settings that differ from the base.
        status: `waiting`, `started`, `finished` or `failed`.
        version: number of its folder `version_N`; None while it has none.
        reason: why it failed.
    """

    values: dict[str, Value]
    status: str = WAITING
    version: int | None = None
    reason: str = ""


class SweepRecord:
    """The runs of a sweep, kept in `run_dir/sweep.json`.

    A sweep that is opened again knows its earlier runs. The grid may be another one then: the
    runs of both stay, and those that only the earlier grid had and that never began are dropped.

    Args:
        run_dir: folder of the sweep and of the runs' versions.
        base: settings that every run starts from.
        combinations: runs that are asked for, see `grid_combinations`.

    Raises:
        ValueError: if the folder holds a sweep of another base, or its record is damaged.
    """

    def __init__(
        self,
        run_dir: str | os.PathLike[str],
        base: SweepBase,
        combinations: Sequence[Mapping[str, Value]],
    ) -> None:
        self.run_dir = pathlib.Path(run_dir)
        self.base = base
        known = _read(self.run_dir / RECORD_FILE, base)
        self.asked: list[SweptRun] = []
        for combination in combinations:
            identity = run_identity(base.config(combination))
            self.asked.append(known.pop(identity, SweptRun(dict(combination))))
        begun = [run for run in known.values() if run.status != WAITING]
        self.runs = [*begun, *self.asked]

    @property
    def names(self) -> list[str]:
        """The settings that differ between runs."""
        return list(dict.fromkeys(name for run in self.runs for name in run.values))

    def values_of(self, run: SweptRun) -> dict[str, Value]:
        """Returns the settings that differ between runs, as this run has them."""
        config = self.base.config(run.values)
        return {name: config[name] for name in self.names}

    def folder_of(self, run: SweptRun) -> pathlib.Path:
        """Returns the folder of a run that has a version."""
        return self.run_dir / f"version_{run.version}"

    def save(self) -> None:
        """Writes sweep.json."""
        write_json(
            self.run_dir / RECORD_FILE,
            {
                "script": self.base.script,
                "base": self.base.config(),
                "runs": [dataclasses.asdict(run) for run in self.runs],
            },
        )


def _read(path: pathlib.Path, base: SweepBase) -> dict[tuple[tuple[str, Value], ...], SweptRun]:
    """Returns the runs of an earlier record by what makes them differ."""
    if not path.is_file():
        return {}
    try:
        content: dict[str, Any] = read_json(path, dict)
        earlier = {"script": content["script"], **content["base"]}
        runs = [SweptRun(**run) for run in content["runs"]]
        differences = config_differences(earlier, {"script": base.script, **base.config()})
        known = {} if differences else {run_identity(base.config(run.values)): run for run in runs}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{os.fspath(path)!r} must hold the record of a sweep to go on with it: {error}"
        ) from error
    if differences:
        raise ValueError(
            f"`run_dir` must not hold a sweep with other flags; {path.parent} does: "
            f"{'; '.join(differences)}"
        )
    return known
