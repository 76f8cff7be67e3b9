"""Kills tiny runs at random moments, resumes them, and compares how they end with one unbroken."""

from __future__ import annotations

import collections
import dataclasses
import functools
import pathlib
import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from tqdm import tqdm

from experiments.endurance.child import Child, Ending
from experiments.endurance.deaths import DeathWhileWriting, write_count
from experiments.endurance.settings import EnduranceSettings
from simclr_tf.archives import check_archive, read_arrays
from simclr_tf.files import read_json
from simclr_tf.runs import RunFolder, list_versions

_FINAL_STATE = "final_state.npz"
_LONGEST_SECONDS = 600
# A run that is killed so often without an end does not get on.
_MOST_LIVES = 1000
_TIMED = ("seconds", "images_per_second")


@dataclasses.dataclass
class _Tally:
    kills: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    runs: int = 0
    lost: list[str] = dataclasses.field(default_factory=list)
    corrupt: list[str] = dataclasses.field(default_factory=list)
    different: list[str] = dataclasses.field(default_factory=list)
    left_over: list[str] = dataclasses.field(default_factory=list)

    @property
    def all_kills(self) -> int:
        return sum(self.kills.values())


def endure_kills(
    folder: pathlib.Path, settings: EnduranceSettings, run_job: Callable[[str, pathlib.Path], None]
) -> dict[str, Any]:
    """Kills and resumes runs until `settings.kills` processes are dead.

    Half of them die at a random time, half of them at a random call of those that write a file.
    The run that is on at the last kill is resumed to its end as well.

    Args:
        folder: empty folder for the runs; those that end well are deleted.
        settings: how many, and of which job.
        run_job: begins or resumes a run, see `tiny_runs.run_job`.

    Returns:
        Counts of kills by moment, of runs, of those that were lost or ended otherwise than the
        unbroken one, and of files that were damaged or left over, with their names.
    """
    begin = time.monotonic()
    runs = _Runs(folder, settings, run_job)
    tally = _Tally()
    with tqdm(total=settings.kills, unit=" kills", desc="killing") as bar:
        while tally.all_kills < settings.kills:
            before = tally.all_kills
            runs.kill_until_it_ends(tally, settings.kills)
            bar.update(tally.all_kills - before)
    return {
        "kills": tally.all_kills,
        "kills_by_moment": dict(tally.kills),
        "runs": tally.runs,
        "lost_runs": len(tally.lost),
        "corrupt_files": len(tally.corrupt),
        "runs_that_end_bit_equal": tally.runs - len(tally.lost) - len(tally.different),
        "files_left_over": len(tally.left_over),
        "faults": [*tally.lost, *tally.corrupt, *tally.different, *tally.left_over],
        "seconds_of_an_unbroken_run": round(runs.seconds, 2),
        "calls_that_write": runs.calls,
        "seconds": round(time.monotonic() - begin, 1),
    }


class _Runs:
    def __init__(
        self,
        folder: pathlib.Path,
        settings: EnduranceSettings,
        run_job: Callable[[str, pathlib.Path], None],
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.run_job = run_job
        self.generator = np.random.default_rng(settings.seed)
        self._count_file = folder / "calls.txt"
        self.unbroken = folder / "unbroken"
        # The first takes longer, while the machine's caches are cold.
        for run_dir in (self.unbroken, folder / "again"):
            begin = time.monotonic()
            if self._life(run_dir, None) != Ending(0, None):
                raise ValueError(f"An unbroken run does not end well, see {self._log(run_dir)}")
            self.seconds = time.monotonic() - begin
        self.calls = int(self._count_file.read_text())
        found = differences(self.unbroken, run_dir)
        if found:
            raise ValueError(f"Two unbroken runs end otherwise: {found[0]}")
        self._delete(run_dir)

    def kill_until_it_ends(self, tally: _Tally, most_kills: int) -> None:
        """Begins a run and kills and resumes it until one of its processes ends by itself."""
        run_dir = self.folder / f"run_{tally.runs:05d}"
        tally.runs += 1
        for _ in range(_MOST_LIVES):
            moment = self.generator.choice(["at_a_time", "while_writing"])
            ending = self._killed(run_dir, moment, spare=tally.all_kills >= most_kills)
            tally.corrupt += damaged_files(run_dir)
            if ending.signal != signal.SIGKILL:
                break
            tally.kills[str(moment)] += 1
        else:
            ending = Ending(None, None)
        if ending != Ending(0, None):
            tally.lost.append(f"{run_dir}: {ending}, see {self._log(run_dir)}")
            return
        faults = differences(self.unbroken, run_dir)
        tally.different += faults
        left = [str(path.relative_to(self.folder)) for path in run_dir.rglob(".*.tmp*")]
        tally.left_over += left
        if not faults and not left:
            self._delete(run_dir)

    def _killed(self, run_dir: pathlib.Path, moment: str, spare: bool) -> Ending:
        if spare:
            return self._life(run_dir, None)
        if moment == "while_writing":
            return self._life(run_dir, int(self.generator.integers(self.calls)))
        return self._life(run_dir, None, float(self.generator.uniform(0, self.seconds)))

    def _life(
        self, run_dir: pathlib.Path, death_at: int | None, seconds: float = _LONGEST_SECONDS
    ) -> Ending:
        work = functools.partial(self._work, run_dir, death_at)
        child = Child(work, self._log(run_dir))
        ending = child.wait(seconds)
        if ending is None:
            ending = child.kill()
            if seconds == _LONGEST_SECONDS:
                return Ending(None, None)
        return ending

    def _work(self, run_dir: pathlib.Path, death_at: int | None) -> None:
        death = DeathWhileWriting(death_at, self.settings.seed)
        death.install()
        self.run_job(self.settings.job, run_dir)
        write_count(self._count_file, death)

    def _log(self, run_dir: pathlib.Path) -> pathlib.Path:
        return self.folder / f"{run_dir.name}.log"

    def _delete(self, run_dir: pathlib.Path) -> None:
        for path in sorted(run_dir.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        run_dir.rmdir()
        self._log(run_dir).unlink()


def damaged_files(run_dir: pathlib.Path) -> list[str]:
    """Returns each file of a run, but unfinished ones, that is not whole, with the reason."""
    found = []
    for path in sorted(run_dir.rglob("*")):
        if path.name.startswith(".") or not path.is_file():
            continue
        try:
            if path.suffix in (".npz", ".keras"):
                check_archive(path)
            elif path.suffix == ".json":
                read_json(path)
            elif path.name == "metrics.csv":
                RunFolder.read(path.parent).read_metrics()
        except (ValueError, OSError) as error:
            found.append(f"{path}: {error}")
    return found


def differences(unbroken: pathlib.Path, run_dir: pathlib.Path) -> list[str]:
    """Returns in what the newest versions of two runs ended otherwise; times are left out."""
    first, second = (list_versions(folder)[-1] for folder in (unbroken, run_dir))
    found = []
    if _metrics(first) != _metrics(second):
        found.append(f"{second}: other metrics")
    one, two = (read_arrays(version / _FINAL_STATE) for version in (first, second))
    same = one.keys() == two.keys() and all(
        one[name].dtype == two[name].dtype and one[name].tobytes() == two[name].tobytes()
        for name in one
    )
    if not same:
        found.append(f"{second}: other weights")
    return found


def _metrics(version: pathlib.Path) -> list[dict[str, str]]:
    rows = RunFolder.read(version).read_metrics()
    return [
        {name: value for name, value in row.items() if not any(part in name for part in _TIMED)}
        for row in rows
    ]
