"""Reads damaged files by the thousand: each must end in a clean error or in the right result."""

from __future__ import annotations

import collections
import contextlib
import functools
import logging
import os
import pathlib
import resource
import select
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from experiments.endurance.child import Child
from experiments.endurance.kinds import Kind, Maker, WrongResult
from experiments.endurance.settings import EnduranceSettings

READ, REFUSED, FAILED = "read", "refused", "failed"
_READY = "ready"
# A machine that is busy with other things lets even a quick reader wait.
_WAITING_FACTOR = 30
_PREPARATION_SECONDS = 600
_LONGEST_TEXT = 300


def endure_mutations(
    folder: pathlib.Path, settings: EnduranceSettings, makers: Sequence[Maker]
) -> dict[str, Any]:
    """Damages files and reads them in a process that is watched.

    Args:
        folder: empty folder; inputs that failed are kept in it.
        settings: how many, of which kinds, and what each may take.
        makers: make the kinds of files.

    Returns:
        `counts` by kind: how many were read as they were written, refused with a `ValueError` or
        an `OSError` that says something, and failed in any other way; and `failures`: which.
    """
    begin = time.monotonic()
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    failures: list[dict[str, Any]] = []
    number, most_memory = 0, 0.0
    with tqdm(total=settings.inputs, unit=" files", desc="damaging") as bar:
        while number < settings.inputs:
            for result in _results(folder, settings, makers, number):
                number = result["number"] + 1
                counts[result["kind"]][result["outcome"]] += 1
                most_memory = max(most_memory, result["gigabytes"])
                if result["outcome"] == FAILED:
                    failures.append(result)
                bar.update()
    totals = sum(counts.values(), collections.Counter())
    return {
        "inputs": number,
        **{outcome: totals[outcome] for outcome in (READ, REFUSED, FAILED)},
        "counts": {kind: dict(counts[kind]) for kind in sorted(counts)},
        "failures": failures,
        "most_gigabytes": round(most_memory, 2),
        "seconds": round(time.monotonic() - begin, 1),
    }


def _results(
    folder: pathlib.Path, settings: EnduranceSettings, makers: Sequence[Maker], first: int
) -> Iterator[dict[str, Any]]:
    """Gives what became of the inputs from `first` on, until one of them ends the reader."""
    receiving, sending = os.pipe()
    work = functools.partial(_read_all, folder, settings, makers, first, sending)
    child = Child(work, folder / "reader.log")
    os.close(sending)
    begun: dict[str, Any] | None = None
    line: str | None = ""
    try:
        for line in _lines(receiving, child, settings):
            if line is None:
                break
            number, kind, outcome, gigabytes, text = line.split("\t", 4)
            message = {"number": int(number), "kind": kind, "gigabytes": float(gigabytes)}
            if outcome == "":
                begun = message
            elif outcome != _READY:
                begun = None
                yield {**message, "outcome": outcome, "reason": text}
        # Without a line to come it is ending; let it.
        ending = None if line is None else child.wait(_WAITING_FACTOR)
        ending = ending or child.kill()
    finally:
        os.close(receiving)
    if begun is not None:
        reason = f"{ending}" if line is not None else f"more than {settings.seconds} s"
        yield {**begun, "outcome": FAILED, "reason": reason}
    elif ending.status != 0:
        raise ValueError(f"The reader of damaged files ended by itself, see {folder}/reader.log")


def _lines(receiving: int, child: Child, settings: EnduranceSettings) -> Iterator[str | None]:
    """Gives what the reader says, and None when one file takes it too long."""
    unread = b""
    seconds: float = _PREPARATION_SECONDS
    used, since = 0.0, time.monotonic()
    while True:
        ready, _, _ = select.select([receiving], [], [], 0.5)
        if ready:
            part = os.read(receiving, 65536)
            if not part:
                return
            *lines, unread = (unread + part).split(b"\n")
            yield from (line.decode() for line in lines)
            seconds = settings.seconds
            used, since = child.processor_seconds(), time.monotonic()
        elif (
            child.processor_seconds() - used > seconds
            or time.monotonic() - since > _WAITING_FACTOR * seconds
        ):
            yield None
            return


def _read_all(
    folder: pathlib.Path,
    settings: EnduranceSettings,
    makers: Sequence[Maker],
    first: int,
    sending: int,
) -> None:
    """The reader's work: says of each input that it begins, and then what became of it."""

    def say(number: int, kind: str, outcome: str, text: str = "") -> None:
        gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        clean = " ".join(text.split())[:_LONGEST_TEXT]
        line = f"{number}\t{kind}\t{outcome}\t{gigabytes:.3f}\t{clean}\n"
        os.write(sending, line.encode(errors="replace"))

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(dir=folder) as place:
        kinds = _kinds(pathlib.Path(place), settings, makers)
        for kind in kinds:
            kind.read()
        say(first, "", _READY)
        _limit_memory(settings.gigabytes)
        for number in range(first, settings.inputs):
            kind = kinds[number % len(kinds)]
            generator = np.random.default_rng([settings.seed, number])
            content = kind.damage(kind.content, kind.is_text, generator)
            say(number, kind.name, "")
            outcome, text = outcome_of(kind, content)
            if outcome == FAILED:
                (folder / f"failed_{number}_{kind.path.name}").write_bytes(content)
            say(number, kind.name, outcome, text)


def _kinds(
    folder: pathlib.Path, settings: EnduranceSettings, makers: Sequence[Maker]
) -> list[Kind]:
    kinds = []
    for number, make in enumerate(makers):
        place = folder / str(number)
        place.mkdir()
        kinds += make(place)
    wanted = [name for name in settings.kinds.split(",") if name]
    known = [kind.name for kind in kinds]
    if not set(wanted) <= set(known):
        raise ValueError(f"`kinds` must be among: {', '.join(known)}. Received: {settings.kinds}")
    return [kind for kind in kinds if not wanted or kind.name in wanted]


def outcome_of(kind: Kind, content: bytes) -> tuple[str, str]:
    """Returns what becomes of one input, and the text of its error.

    Args:
        kind: what is read; its good file is put back afterwards.
        content: bytes of the damaged file.
    """
    kind.path.write_bytes(content)
    try:
        kind.read()
        return READ, ""
    except (ValueError, OSError) as error:
        text = str(error)
        return (REFUSED if text else FAILED), text
    except WrongResult as error:
        return FAILED, f"wrong result: {error}"
    except Exception as error:
        return FAILED, f"{type(error).__name__}: {error}"
    finally:
        with contextlib.suppress(OSError):
            kind.path.parent.mkdir(parents=True, exist_ok=True)
        kind.path.write_bytes(kind.content)


def _limit_memory(gigabytes: float) -> None:
    """Lets this process have so much more than it has now; what asks for more gets an error."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + int(gigabytes * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def all_makers() -> list[Callable[[pathlib.Path], list[Kind]]]:
    """Returns what makes all kinds; imports TensorFlow."""
    from experiments.endurance.picture_kinds import box_kinds, cache_kinds, picture_kinds
    from experiments.endurance.retrieval_kinds import retrieval_kinds
    from experiments.endurance.run_kinds import model_kinds, setting_kinds

    return [picture_kinds, box_kinds, cache_kinds, setting_kinds, model_kinds, retrieval_kinds]
