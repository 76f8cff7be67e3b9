"""Measuring the contestants of a case in turn, and the row that comes of it."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from experiments.benchmarks.cases import Case, Contestant
from experiments.benchmarks.worker import WorkerFailed


class Process(Protocol):
    """What `measure` needs of a `Worker`."""

    def prepare(self, task: str, arguments: Mapping[str, Any], repeat_seconds: float = 0) -> None:
        """Makes a task ready."""

    def run(self) -> float:
        """Measures once."""

    def describe(self) -> dict[str, Any]:
        """Returns versions, threads and GPU."""

    def close(self) -> None:
        """Ends the process."""


class Pool:
    """The long-lived processes, one a kind, started when they are first needed.

    Args:
        start: makes a process; `fresh` ones live for a single measurement.
        repeat_seconds: how long one measurement should last.
    """

    def __init__(self, start: Callable[[bool], Process], repeat_seconds: float) -> None:
        self.start = start
        self.repeat_seconds = repeat_seconds
        self.processes: dict[str, Process] = {}

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            process.close()

    def prepare(self, contestant: Contestant) -> None:
        """Makes the contestant ready in the process of its kind, which is replaced if it died."""
        kind = contestant.process
        if kind not in self.processes:
            self.processes[kind] = self.start(False)
        try:
            self.processes[kind].prepare(contestant.task, contestant.arguments, self.repeat_seconds)
        except WorkerFailed:
            self.discard(contestant)
            raise

    def run(self, contestant: Contestant) -> float:
        """Measures once."""
        try:
            return self.processes[contestant.process].run()
        except WorkerFailed:
            self.discard(contestant)
            raise

    def run_fresh(self, contestant: Contestant) -> float:
        """Measures once in a process that does nothing else before or afterwards."""
        with contextlib.closing(self.start(True)) as process:
            process.prepare(contestant.task, contestant.arguments)
            return process.run()

    def describe(self) -> dict[str, dict[str, Any]]:
        """Returns what each living process says of itself."""
        return {kind: process.describe() for kind, process in self.processes.items()}

    def discard(self, contestant: Contestant) -> None:
        """Ends the process of this kind; the next task of the kind gets a new one."""
        self.processes.pop(contestant.process).close()


def measure(case: Case, pool: Pool, repeats: int) -> list[dict[str, Any]]:
    """Measures all contestants of a case, taking turns, and returns its rows.

    A contestant that fails drops out, and its row says why instead of a value.

    Args:
        case: what to measure.
        pool: the processes.
        repeats: how often each contestant has its turn.
    """
    values: dict[str, list[float]] = {contestant.name: [] for contestant in case.contestants}
    failures: dict[str, str] = {}

    def attempt(contestant: Contestant, work: Callable[[Contestant], float | None]) -> None:
        if contestant.name in failures:
            return
        try:
            value = work(contestant)
        except WorkerFailed as failure:
            failures[contestant.name] = str(failure)
        else:
            if value is not None:
                values[contestant.name].append(value)

    if not case.fresh:
        for contestant in case.contestants:
            attempt(contestant, pool.prepare)
    for _ in range(min(repeats, case.repeats or repeats)):
        for contestant in case.contestants:
            attempt(contestant, pool.run_fresh if case.fresh else pool.run)
    return rows_of(case, values, failures)


def rows_of(
    case: Case, values: Mapping[str, list[float]], failures: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Returns one row a peer and one for the limit, or a single row of ours without either.

    Args:
        case: what was measured.
        values: of each contestant, in the order of its turns.
        failures: reason by contestant, of those that dropped out.

    Returns:
        Mappings with the keys part, case, ours, peer, peer_name, unit, ratio (above 1 where ours
        is better; `None` where a value is missing) and target, then what explains them:
        ours_values, peer_values, ours_setting, peer_setting and failures.
    """
    ours = median(values, case.ours.name, failures)

    def row(name: str | None, peer: float | None, target: float | None, setting: str | None):
        wanted = (case.ours.name, name)
        return {
            "part": case.part,
            "case": case.name,
            "ours": ours,
            "peer": peer,
            "peer_name": name,
            "unit": case.unit,
            "ratio": ratio(ours, peer, case.higher_is_better),
            "target": target,
            "ours_values": values.get(case.ours.name, []),
            "peer_values": values.get(name or "", []),
            "ours_setting": case.ours.setting,
            "peer_setting": setting,
            "failures": {name: failures[name] for name in wanted if name in failures},
        }

    rows = [
        row(peer.name, median(values, peer.name, failures), peer.target, peer.setting)
        for peer in case.peers
    ]
    if case.limit is not None:
        rows.append(row(case.limit.name, case.limit.value, case.limit.target, None))
    return rows or [row(None, None, None, None)]


def median(
    values: Mapping[str, list[float]], name: str, failures: Mapping[str, str]
) -> float | None:
    """Returns the median of a contestant's values; `None` where it failed."""
    return None if name in failures else statistics.median(values[name])


def ratio(ours: float | None, peer: float | None, higher_is_better: bool) -> float | None:
    """Returns how many times better ours is: above 1 where it is, `None` where that is unknown."""
    if ours is None or peer is None:
        return None
    better, worse = (ours, peer) if higher_is_better else (peer, ours)
    return better / worse if better > 0 and worse > 0 else None
