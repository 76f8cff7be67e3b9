"""The cases of the loss: time, memory and error."""

from __future__ import annotations

import dataclasses

from experiments.benchmarks.block_table import BY_BLOCK_SIZE
from experiments.benchmarks.cases import Case, Contestant, Limit
from experiments.benchmarks.contestants import ours, torch_peer
from experiments.benchmarks.settings import BenchmarkSettings

PROJECTION_SIZE = 128
_SETTING = "nt_xent in a tf.function, float32"


def loss_cases(settings: BenchmarkSettings) -> list[Case]:
    """Returns the loss at the compared size and at the one within a limit, then by block size."""
    pairs = settings.loss_pairs
    work = {"pairs": pairs, "size": PROJECTION_SIZE}
    rows = (
        (f"{pairs} pairs, loss and gradient", "seconds", "s", False, None),
        (f"{pairs} pairs, peak memory above the inputs", "peak_memory", "MiB", True, 3),
    )
    cases = []
    for name, task, unit, fresh, repeats in rows:
        peers: tuple[Contestant, ...] = ()
        if {"lightly", "tuned"} & set(settings.chosen_peers):
            lightly = "lightly NTXentLoss"
            peers = (
                torch_peer(("loss", name), "lightly", f"loss:{task}", work, "float32", lightly),
            )
        program = ours(f"loss:{task}", work, _SETTING)
        cases.append(
            Case("loss", name, unit, program, peers, None, False, fresh=fresh, repeats=repeats)
        )
    return cases + _large_loss(settings) + _by_block_size(settings)


def _large_loss(settings: BenchmarkSettings) -> list[Case]:
    pairs = settings.large_loss_pairs
    if not pairs:
        return []
    work = {"pairs": pairs, "size": PROJECTION_SIZE}
    rows = (
        ("loss and gradient", "seconds", "s", None),
        ("peak memory above the inputs", "peak_memory", "MiB", Limit("limit of 1 GiB", 1024)),
        ("relative error to the plain formula", "error", "", Limit("limit", 1e-5)),
    )
    return [
        Case(
            part="loss",
            name=f"{pairs} pairs, {what}",
            unit=unit,
            ours=ours(f"loss:{task}", work, _SETTING),
            limit=limit,
            higher_is_better=False,
            fresh=True,
            repeats=1,
        )
        for what, task, unit, limit in rows
    ]


def _by_block_size(settings: BenchmarkSettings) -> list[Case]:
    """Returns time and memory of the default block size against each of those asked for."""
    if not settings.all_block_sizes:
        return []

    def program(task: str, pairs: int, block_size: int) -> Contestant:
        work = {"pairs": pairs, "size": PROJECTION_SIZE, "block_size": block_size}
        return ours(f"loss:{task}", work, _SETTING)

    def case(pairs: int, what: str, task: str, unit: str, fresh: bool) -> Case:
        others = tuple(
            dataclasses.replace(
                program(task, pairs, size), name=f"blocks of {size}", process=f"blocks of {size}"
            )
            for size in settings.all_block_sizes
        )
        return Case(
            part="loss",
            name=f"{pairs} pairs{BY_BLOCK_SIZE}{what}",
            unit=unit,
            ours=program(task, pairs, 0),
            peers=others,
            higher_is_better=False,
            fresh=fresh,
            repeats=3,
        )

    rows = (
        ("loss and gradient", "seconds", "s", False),
        ("peak memory above the inputs", "peak_memory", "MiB", True),
    )
    sizes = dict.fromkeys(filter(None, (settings.loss_pairs, settings.large_loss_pairs)))
    return [case(pairs, *row) for pairs in sizes for row in rows]
