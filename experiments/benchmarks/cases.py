"""Who is measured at what."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

OURS = "simclr_tf"


@dataclasses.dataclass(frozen=True)
class Contestant:
    """One program that does the work of a case.

    Args:
        name: as the row names it.
        process: which of the long-lived processes it runs in: `"ours"`, `"plain"` (ours or FAISS
            as the peer) or `"blocks of 256"` (ours as its own peer), `"lightly"`, `"tuned"`,
            `"keras"`, `"opencv"` or `"commands"`.
        task: `"module:function"`; the function takes `arguments` and returns a callable from a
            number of times to the value of the case.
        arguments: plain values.
        setting: how the program is set up, in words.
        target: the ratio that we must reach against it; `None` without one.
    """

    name: str
    process: str
    task: str
    arguments: Mapping[str, Any]
    setting: str
    target: float | None = None


@dataclasses.dataclass(frozen=True)
class Limit:
    """A fixed value that ours is measured against where no program is its peer.

    Args:
        name: as the row names it.
        value: in the unit of the case.
        target: the ratio that we must reach against it; `None` without one.
    """

    name: str
    value: float
    target: float | None = 1.0


@dataclasses.dataclass(frozen=True)
class Case:
    """One quantity, measured for ours and for each peer in turn.

    Args:
        part: of the benchmark.
        name: what is measured, with its sizes.
        unit: of the values.
        ours: our program.
        peers: the others.
        limit: what ours is held against as well.
        higher_is_better: as for pictures a second, and not for seconds.
        fresh: each measurement takes a process of its own and does the work once.
        repeats: at most so many measurements; `None` for as many as asked for.

    Raises:
        ValueError: if two contestants that take turns would share a process.
    """

    part: str
    name: str
    unit: str
    ours: Contestant
    peers: tuple[Contestant, ...] = ()
    limit: Limit | None = None
    higher_is_better: bool = True
    fresh: bool = False
    repeats: int | None = None

    def __post_init__(self) -> None:
        processes = [contestant.process for contestant in self.contestants]
        if not self.fresh and len(set(processes)) != len(processes):
            raise ValueError(
                f"`peers` must each have a process of their own. Received: processes={processes}"
            )

    @property
    def contestants(self) -> tuple[Contestant, ...]:
        """Ours, then the peers."""
        return (self.ours, *self.peers)
