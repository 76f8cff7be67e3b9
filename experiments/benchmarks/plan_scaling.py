"""The cases of several workers: time of a step, what they send, what the loss costs each."""

from __future__ import annotations

import dataclasses
from typing import Any

from experiments.benchmarks.cases import Case, Contestant, Limit
from experiments.benchmarks.contestants import OUR_SETTING, ours
from experiments.benchmarks.plan_loss import PROJECTION_SIZE
from experiments.benchmarks.settings import BenchmarkSettings
from experiments.benchmarks.targets import target
from experiments.benchmarks.traffic import sent_by_gather

WORKERS = (2, 4, 8)
# Times the batch size: what every step costs weighs less beside more pictures.
_BATCHES = (1, 4, 16)
_JPEG_SIZE = (500, 375)
DECODED_SIZE = 224


def scaling_cases(settings: BenchmarkSettings) -> list[Case]:
    """Returns the cases of part scaling, whose peers are ours too."""
    steps = [_step(settings, times * settings.batch_size) for times in _BATCHES]
    return [*steps, *_gathers(settings), *_losses(settings), _decoding()]


def step_name(settings: BenchmarkSettings, batch_size: int) -> str:
    """Returns the name of the case of the step."""
    network = f"{settings.encoder} width {settings.all_widths[0]:g}, {settings.image_size} px"
    return f"step of 2 workers, {network}, batch {batch_size}"


def gather_name(settings: BenchmarkSettings, workers: int) -> str:
    """Returns the name of the case of the gather."""
    return f"sent by each of {workers} workers in a gather, {2 * settings.batch_size} rows"


def loss_name(settings: BenchmarkSettings, workers: int) -> str:
    """Returns the name of the case of the loss."""
    return f"{settings.loss_pairs} pairs, loss and gradient of 1/{workers} of the rows"


def _step(settings: BenchmarkSettings, batch_size: int) -> Case:
    work: dict[str, Any] = {
        "encoder": settings.encoder,
        "width": settings.all_widths[0],
        "image_size": settings.image_size,
        "batch_size": batch_size,
    }
    name = step_name(settings, batch_size)
    alone = _other(
        ours("scaling:step", work, f"{OUR_SETTING}, augmentation and metrics included"),
        "one process",
        target("scaling", name, "process"),
    )
    setting = "one thread each, multi_worker over loopback; otherwise as the other"
    two = ours("scaling:step_of_workers", {**work, "workers": 2}, setting)
    return Case("scaling", name, "s", two, (alone,), higher_is_better=False)


def _gathers(settings: BenchmarkSettings) -> list[Case]:
    cases = []
    for workers in WORKERS:
        work = {"workers": workers, "rows": 2 * settings.batch_size, "size": PROJECTION_SIZE}
        cases.append(
            Case(
                part="scaling",
                name=gather_name(settings, workers),
                unit="bytes",
                ours=ours("scaling:gathered_bytes", work, "all bytes on the loopback device"),
                limit=Limit("counted from shapes", sent_by_gather(**_sizes(work)), None),
                higher_is_better=False,
                repeats=1,
            )
        )
    return cases


def _sizes(work: dict[str, int]) -> dict[str, int]:
    return {"replicas": work["workers"], "rows": work["rows"], "size": work["size"]}


def _losses(settings: BenchmarkSettings) -> list[Case]:
    work = {"pairs": settings.loss_pairs, "size": PROJECTION_SIZE}
    setting = "NT-Xent of its own rows in a tf.function, float32"
    whole = _other(ours("loss:seconds", work, setting), "the whole loss", None)
    return [
        Case(
            part="scaling",
            name=loss_name(settings, workers),
            unit="s",
            ours=ours(
                "scaling:loss_of_share",
                {**work, "replicas": workers},
                "simulated in one process: a replica's rows against all columns",
            ),
            peers=(whole,),
            higher_is_better=False,
            repeats=3,
        )
        for workers in WORKERS
    ]


def _decoding() -> Case:
    width, height = _JPEG_SIZE
    work = {"width": width, "height": height, "image_size": DECODED_SIZE}
    return Case(
        part="scaling",
        name=f"decoding JPEG of {width} x {height} to {DECODED_SIZE} px",
        unit="pictures/s",
        ours=ours("scaling:decoding", work, "threads on all cores"),
        repeats=3,
    )


def _other(contestant: Contestant, name: str, least: float | None) -> Contestant:
    return dataclasses.replace(contestant, name=name, process="plain", target=least)
