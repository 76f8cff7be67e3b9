"""The run folder: everything a training writes, in a version that no other process shares."""

from __future__ import annotations

import csv
import datetime
import math
import os
import pathlib
import sys
import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from simclr_tf.files import plain, remove_unfinished, write_csv, write_json
from simclr_tf.runs.configs import ADDED_KEYS, CONFIG, package_versions, read_config
from simclr_tf.runs.locks import lock_folder
from simclr_tf.runs.unbegun_versions import clear_unbegun
from simclr_tf.runs.versions import list_versions, make_next_version, version_number

FINISHED = "finished.json"
METRICS = "metrics.csv"


class Skipped(Protocol):
    """A picture that could not be read."""

    @property
    def path(self) -> str:
        """Where the picture is."""

    @property
    def reason(self) -> str:
        """Why it could not be read."""


class RunFolder:
    """One version of a run, `run_dir/version_N`, locked while this process trains in it.

    Make one with `RunFolder.create` or `RunFolder.resume`. The lock is released by `close`, at
    the end of a `with` block, or when the process ends, however it ends.

    Example:
        >>> with RunFolder.create("runs/scenes", {"seed": 0, "epochs": 2}) as run:
        ...     run.append_metrics({"epoch": 1, "loss": 5.2})
        ...     run.mark_finished({"loss": 5.2})
    """

    def __init__(self, path: pathlib.Path, config: dict[str, Any]):
        self.path = path
        self.version = version_number(path)
        self.config = config
        self._release: weakref.finalize | None = None

    @classmethod
    def create(cls, run_dir: str | os.PathLike[str], config: Mapping[str, Any]) -> RunFolder:
        """Makes the next version and writes its config.json before anything else.

        Args:
            run_dir: Folder of the run's versions; made where it does not exist.
            config: What was asked for, by name. `versions`, `created` (UTC) and `command` are
                added to it in the file.

        Returns:
            The new, locked run folder; its `config` is as `resume` will read it.

        Raises:
            ValueError: If `run_dir` is a file or cannot be written, or `config` uses one of the
                added names.
        """
        taken = [key for key in ADDED_KEYS if key in config]
        if taken:
            raise ValueError(
                f"`config` must not use the names {', '.join(ADDED_KEYS)}. Received: {taken}"
            )
        path = make_next_version(run_dir)
        clear_unbegun(run_dir)
        run = cls(path, plain(config))
        run._lock()
        run.write_json(
            CONFIG,
            {
                **run.config,
                "versions": package_versions(),
                "created": _now(),
                "command": sys.argv,
            },
        )
        run.checkpoint_path.mkdir()
        return run

    @classmethod
    def resume(cls, run_dir: str | os.PathLike[str]) -> RunFolder:
        """Opens the newest version, to continue it or to learn that it is `finished`.

        A version without config.json never began (its process was killed while making it) and
        is passed over.

        Args:
            run_dir: Folder of the run's versions.

        Returns:
            The run folder: locked, unless it is finished.

        Raises:
            ValueError: If `run_dir` holds no version, or another process trains in the newest.
        """
        clear_unbegun(run_dir)
        versions = [path for path in list_versions(run_dir) if (path / CONFIG).is_file()]
        if not versions:
            raise ValueError(
                "`run_dir` must be a folder in which a run was started (it holds version_0, "
                f"version_1, ...) to resume it. Received: run_dir={os.fspath(run_dir)!r}, "
                f"which {_what_is_there(pathlib.Path(run_dir))}"
            )
        run = cls.read(versions[-1])
        if not run.finished:
            run._lock()
            run.checkpoint_path.mkdir(exist_ok=True)
            for folder in (run.path, run.checkpoint_path):
                remove_unfinished(folder)
        return run

    @classmethod
    def read(cls, path: pathlib.Path) -> RunFolder:
        """Opens the version `path` to look at what it holds: it is not locked.

        Raises:
            ValueError: If it has no config.json, or one that cannot be read.
        """
        return cls(path, read_config(path))

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return (self.path / FINISHED).is_file()

    @property
    def checkpoint_path(self) -> pathlib.Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    def mark_finished(self, summary: Mapping[str, Any]) -> None:
        """Writes `summary` and the time (UTC) to finished.json: `resume` will not go on."""
        self.write_json(FINISHED, {**summary, "finished": _now()})

    def write_json(self, name: str, data: Any) -> pathlib.Path:
        """Writes `data` to the file `name` in this folder, atomically; returns its path."""
        write_json(self.path / name, data)
        return self.path / name

    def write_csv(
        self,
        name: str,
        rows: Iterable[Mapping[str, Any]],
        columns: Sequence[str] | None = None,
    ) -> pathlib.Path:
        """Writes `rows` to the file `name` in this folder, atomically; returns its path."""
        write_csv(self.path / name, rows, columns)
        return self.path / name

    def write_skipped(self, skipped: Iterable[Skipped]) -> pathlib.Path:
        """Writes skipped.csv: path and reason of each picture that could not be read."""
        rows = [{"path": picture.path, "reason": picture.reason} for picture in skipped]
        return self.write_csv("skipped.csv", rows, columns=("path", "reason"))

    def read_metrics(self) -> list[dict[str, str]]:
        """Returns the rows of metrics.csv as text; none where it does not exist yet.

        Raises:
            ValueError: If it is not a table with a number in the column `epoch` of every row.
        """
        path = self.path / METRICS
        if not path.is_file():
            return []
        try:
            with open(path, encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file, strict=True))
            for row in rows:
                _checked(row)
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{os.fspath(path)!r} must be a table of epochs: {error}") from error
        return rows

    def append_metrics(self, row: Mapping[str, Any]) -> None:
        """Adds the row of one epoch to metrics.csv.

        Rows of the same and of later epochs are dropped first: they stem from before a resume
        from an earlier step, and are being trained again. The columns keep their order; a name
        that is new gets a column at the end.

        Args:
            row: Values by column name, among them `epoch`, a whole number.

        Raises:
            ValueError: If `row` has no `epoch`.
        """
        if "epoch" not in row:
            raise ValueError(f"`row` must have an `epoch`. Received: row={dict(row)!r}")
        rows: list[Mapping[str, Any]] = [
            old for old in self.read_metrics() if float(old["epoch"]) < row["epoch"]
        ]
        self.write_csv(METRICS, [*rows, row])

    def drop_metrics_after(self, epoch: int) -> None:
        """Drops the rows of epochs after `epoch` from metrics.csv, when resuming from there."""
        rows = self.read_metrics()
        if rows:
            kept = [row for row in rows if float(row["epoch"]) <= epoch]
            self.write_csv(METRICS, kept, columns=list(rows[0]))

    def close(self) -> None:
        """Releases the lock."""
        if self._release is not None:
            self._release()

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _lock(self) -> None:
        self._release = weakref.finalize(self, os.close, lock_folder(self.path))


def _checked(row: Mapping[str, Any]) -> None:
    if None in row or None in row.values() or "epoch" not in row:
        raise ValueError(f"a row has other columns than the table: {list(row.values())}")
    if not math.isfinite(float(row["epoch"])):
        raise ValueError(f"an epoch is {row['epoch']}")


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def _what_is_there(path: pathlib.Path) -> str:
    if not path.exists():
        return "does not exist"
    return "holds none" if path.is_dir() else "is a file"
