"""The cases of training with labels: SupCon's step, and very many classes."""

from __future__ import annotations

import dataclasses
from typing import Any

from experiments.benchmarks.cases import Case, Limit
from experiments.benchmarks.contestants import OUR_SETTING, ours
from experiments.benchmarks.settings import BenchmarkSettings
from experiments.benchmarks.targets import target

_START_SECONDS = 10.0
# The pictures of the default sizes take 176.
_GROWTH_MEBIBYTES = 32.0


def sup_con_cases(settings: BenchmarkSettings) -> list[Case]:
    """Returns the speed of SupCon's step against that of SimCLR, on the same views."""
    width = settings.all_widths[0]
    name = f"SupCon, {settings.encoder} width {width:g}, {settings.image_size} px"
    work = {
        "encoder": settings.encoder,
        "width": width,
        "image_size": settings.image_size,
        "batch_size": settings.batch_size,
    }
    setting = f"{OUR_SETTING}, metrics included"
    simclr = dataclasses.replace(
        ours("training:step", work, setting),
        name="SimCLR",
        process="plain",
        target=target("step", name, "simclr"),
    )
    return [
        Case(
            part="step",
            name=name,
            unit="views/s",
            ours=ours("training:sup_con_step", work, f"{setting}, 4 pictures of a class"),
            peers=(simclr,),
        )
    ]


def many_classes_cases(settings: BenchmarkSettings) -> list[Case]:
    """Returns what a fine-tuning by SupCon costs with very many classes of a few pictures."""
    pictures = settings.many_class_pictures
    sizes = {
        "image_size": settings.image_size,
        "batch_size": settings.batch_size,
        "classes": settings.many_classes,
        "pictures_per_class": pictures,
    }
    network = {"encoder": settings.accuracy_encoder, "width": settings.accuracy_width}
    shown = f"{settings.accuracy_encoder} width {settings.accuracy_width:g}"
    many = f"{settings.many_classes} classes of {pictures} pictures, {settings.image_size} px"
    setting = f"{OUR_SETTING}, symbols; augmentation and metrics included"

    def case(name: str, unit: str, task: str, work: dict[str, Any], **more: Any) -> Case:
        program = ours(f"many_classes:{task}", work, setting)
        return Case("many_classes", f"{many}, {name}", unit, program, fresh=True, **more)

    work = {**network, **sizes}
    return [
        case(
            "from labels to the first batch",
            "s",
            "start",
            sizes,
            limit=Limit("limit", _START_SECONDS),
            higher_is_better=False,
            repeats=3,
        ),
        case(f"an epoch of SupCon, {shown}", "pictures/s", "rate", work, repeats=1),
        case(
            f"memory of a second epoch, {shown}",
            "MiB more",
            "memory_growth",
            work,
            limit=Limit("limit", _GROWTH_MEBIBYTES),
            higher_is_better=False,
            repeats=1,
        ),
    ]
