"""The cases of gradient caching: what a batch costs that does not fit into memory at once."""

from __future__ import annotations

import dataclasses

from experiments.benchmarks.cases import Case, Contestant
from experiments.benchmarks.contestants import OUR_SETTING, ours
from experiments.benchmarks.settings import BenchmarkSettings
from experiments.benchmarks.targets import target


def caching_cases(settings: BenchmarkSettings) -> list[Case]:
    """Returns speed and memory of a large batch in micro-batches, against a plain one of fewer.

    Both are ours, so that these cases do not depend on the peers.
    """
    batch, size = settings.cached_batch_size, settings.microbatch_size
    plain_batch = settings.plain_batch_size
    width = settings.all_widths[0]
    network = f"{settings.encoder} width {width:g}, {settings.image_size} px"
    cached = f"gradient caching, {network}, batch {batch} in micro-batches of {size}"
    rows = (
        (cached, "step", "views/s", True, False),
        (f"{cached}, peak memory", "peak_memory", "MiB", False, True),
    )
    work = {"encoder": settings.encoder, "width": width, "image_size": settings.image_size}
    setting = f"{OUR_SETTING}, augmentation and metrics included"

    def program(task: str, batch_size: int, microbatch_size: int) -> Contestant:
        arguments = {**work, "batch_size": batch_size, "microbatch_size": microbatch_size}
        return ours(f"gradient_caching:{task}", arguments, setting)

    cases = []
    for name, task, unit, higher_is_better, fresh in rows:
        plain = dataclasses.replace(
            program(task, plain_batch, 0),
            name=f"plain batch of {plain_batch}",
            process="plain",
            target=target("step", name, "plain"),
        )
        cases.append(
            Case(
                part="step",
                name=name,
                unit=unit,
                ours=program(task, batch, size),
                peers=(plain,),
                higher_is_better=higher_is_better,
                fresh=fresh,
                repeats=3,
            )
        )
    return cases
