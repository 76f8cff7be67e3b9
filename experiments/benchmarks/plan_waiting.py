"""The cases of input once it is cached: what a step waits for it, and what more of it costs."""

from __future__ import annotations

import dataclasses
from typing import Any

from experiments.benchmarks.cases import Case, Contestant, Limit
from experiments.benchmarks.contestants import (
    LIGHTLY,
    OUR_SETTING,
    loader_setting,
    ours,
    torch_peer,
)
from experiments.benchmarks.settings import BenchmarkSettings

# A step never waits: less than a hundredth of what it works.
_NEVER = 100.0
_PLACES = (("in memory", False), ("in shards on the disk", True))


def waiting_cases(settings: BenchmarkSettings) -> list[Case]:
    """Returns what share of the time and how many seconds a step waits for cached pictures."""
    width = settings.all_widths[0]
    network = f"{settings.encoder} width {width:g}"
    work: dict[str, Any] = {
        "encoder": settings.encoder,
        "width": width,
        "image_size": settings.image_size,
        "batch_size": settings.batch_size,
    }
    return [
        _share(settings, network, work),
        *(_seconds(network, work, *place) for place in _PLACES),
    ]


def size_cases(settings: BenchmarkSettings) -> list[Case]:
    """Returns time and memory of an epoch with ten times the pictures, beyond the memory limit."""
    pictures = settings.input_pictures
    work = {
        "encoder": settings.accuracy_encoder,
        "width": settings.accuracy_width,
        "image_size": settings.image_size,
        "batch_size": settings.batch_size,
        "pictures": pictures,
    }
    many = f"{10 * pictures} pictures against {pictures}"
    added = 9 * pictures * settings.image_size**2 * 3 / 2**20
    rows = (
        ("time of an epoch", "times", "epoch_ratio", "", Limit("limit", 10.5)),
        (
            "memory",
            "MiB more",
            "memory_growth",
            "; its pages not counted",
            Limit("size of the added pictures", added),
        ),
    )
    return [
        Case(
            part="input",
            name=f"{what}, {many}",
            unit=unit,
            ours=ours(f"input:{task}", work, f"pictures in shards on the disk{more}"),
            limit=limit,
            higher_is_better=False,
            fresh=True,
            repeats=1,
        )
        for what, unit, task, more, limit in rows
    ]


def _share(settings: BenchmarkSettings, network: str, work: dict[str, Any]) -> Case:
    name = f"waiting for cached pictures, {network}"
    peers: tuple[Contestant, ...] = ()
    if "lightly" in settings.chosen_peers:
        setting = f"{LIGHTLY}; {loader_setting(settings)}"
        documented = {**work, "tuned": False}
        peers = (
            torch_peer(("input", name), "lightly", "training:waiting_share", documented, setting),
        )
    return Case(
        part="input",
        name=name,
        unit="% of the time",
        ours=ours("waiting:share", {**work, "on_disk": False}),
        peers=peers,
        higher_is_better=False,
        repeats=3,
    )


def _seconds(network: str, work: dict[str, Any], place: str, on_disk: bool) -> Case:
    arguments = {**work, "on_disk": on_disk}
    setting = f"{OUR_SETTING}, augmentation and metrics included"
    itself = dataclasses.replace(
        ours("waiting:worked", arguments, setting),
        name="the step itself",
        process="plain",
        target=_NEVER,
    )
    return Case(
        part="input",
        name=f"wait of a step for pictures {place}, {network}",
        unit="s",
        ours=ours("waiting:waited", arguments, setting),
        peers=(itself,),
        higher_is_better=False,
        repeats=3,
    )
