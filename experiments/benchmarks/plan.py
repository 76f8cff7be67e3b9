"""From settings to the cases that are measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from experiments.benchmarks.cases import Case, Contestant
from experiments.benchmarks.contestants import (
    LIGHTLY,
    OUR_SETTING,
    TUNED,
    chosen,
    keras_peer,
    loader_setting,
    ours,
    torch_peer,
)
from experiments.benchmarks.plan_caching import caching_cases
from experiments.benchmarks.plan_detect import detect_cases
from experiments.benchmarks.plan_export import export_cases
from experiments.benchmarks.plan_files import embed_folder_cases, import_cases, input_cases
from experiments.benchmarks.plan_labels import many_classes_cases, sup_con_cases
from experiments.benchmarks.plan_loss import loss_cases
from experiments.benchmarks.plan_scaling import scaling_cases
from experiments.benchmarks.plan_search import search_cases
from experiments.benchmarks.plan_waiting import size_cases, waiting_cases
from experiments.benchmarks.settings import BenchmarkSettings


def plan(settings: BenchmarkSettings, data_dir: str) -> list[Case]:
    """Returns the cases of every chosen part but accuracy, in order.

    Args:
        settings: what to measure.
        data_dir: folder whose pictures `input`, `embed_folder` and `export` read, or whose
            drawings `detect` searches.
    """
    makers: dict[str, Callable[[BenchmarkSettings, str], list[Case]]] = {
        "augment": _augment,
        "step": _step,
        "pretrain": _pretrain,
        "loss": lambda settings, _: loss_cases(settings),
        "input": input_cases,
        "embed": _embed,
        "embed_folder": embed_folder_cases,
        "search": lambda settings, _: search_cases(settings),
        "export": export_cases,
        "import": lambda settings, _: import_cases(settings),
        "input_wait": lambda settings, _: waiting_cases(settings),
        "size": lambda settings, _: size_cases(settings),
        "many_classes": lambda settings, _: many_classes_cases(settings),
        "detect": detect_cases,
        "scaling": lambda settings, _: scaling_cases(settings),
    }
    chosen_makers = [makers[part] for part in settings.parts if part in makers]
    cases = [case for make in chosen_makers for case in make(settings, data_dir)]
    # Waiting and size are parts of input.
    return list({(case.part, case.name): case for case in cases}.values())


def _augment(settings: BenchmarkSettings, _: str) -> list[Case]:
    sizes = (
        ("simclr-cifar", settings.image_size, settings.batch_size),
        ("simclr-imagenet", settings.large_image_size, settings.large_batch_size),
    )
    cases = []
    for recipe, size, batch in sizes:
        name = f"{size} px, two views, {recipe}"
        work = {"recipe": recipe, "image_size": size, "batch_size": batch}
        peers: list[Contestant] = []
        if {"lightly", "tuned"} & set(settings.chosen_peers):
            peers.append(
                torch_peer(
                    ("augment", name),
                    "torchvision",
                    "views:two_views",
                    work,
                    loader_setting(settings),
                    f"torchvision in {settings.thread_count} processes",
                )
            )
        if "keras" in settings.chosen_peers:
            setting = "keras.io's flip, translation, zoom and colour matrix; no blur, no hue"
            peers.append(keras_peer("augment:two_views", work, setting))
        program = ours("augment:two_views", work, "float32, whole batches")
        cases.append(Case("augment", name, "pictures/s", program, tuple(peers)))
    return cases


def _step(settings: BenchmarkSettings, _: str) -> list[Case]:
    cases = []
    for width in settings.all_widths:
        name = f"{settings.encoder} width {width:g}, {settings.image_size} px"
        work = _network(settings, width)
        peers = _training_peers(settings, ("step", name), "step", work, "")
        program = ours("training:step", work, f"{OUR_SETTING}, metrics included")
        cases.append(Case("step", name, "views/s", program, peers))
    return cases + sup_con_cases(settings) + caching_cases(settings)


def _pretrain(settings: BenchmarkSettings, _: str) -> list[Case]:
    width = settings.all_widths[0]
    name = f"{settings.encoder} width {width:g}, {settings.image_size} px, simclr-cifar"
    work = _network(settings, width)
    peers = _training_peers(
        settings, ("pretrain", name), "pretrain", work, f"; {loader_setting(settings)}"
    )
    program = ours("training:pretrain", work, f"{OUR_SETTING}, metrics included")
    return [Case("pretrain", name, "pictures/s", program, peers)]


def _training_peers(
    settings: BenchmarkSettings, case: tuple[str, str], work: str, network: dict, more: str
) -> tuple[Contestant, ...]:
    task = f"training:{work}"
    return chosen(
        settings,
        lightly=torch_peer(case, "lightly", task, {**network, "tuned": False}, LIGHTLY + more),
        tuned=torch_peer(case, "tuned", task, {**network, "tuned": True}, TUNED + more),
        keras=keras_peer(task, network),
    )


def _network(settings: BenchmarkSettings, width: float) -> dict[str, Any]:
    return {
        "encoder": settings.encoder,
        "width": width,
        "image_size": settings.image_size,
        "batch_size": settings.batch_size,
    }


def _embed(settings: BenchmarkSettings, _: str) -> list[Case]:
    cases = []
    for width in settings.all_widths:
        name = f"{settings.encoder} width {width:g}, {settings.image_size} px"
        work = _network(settings, width)
        frozen = "bfloat16 weights, channels-last, batch-norm folded into the convolutions"
        peers = chosen(
            settings,
            tuned=torch_peer(("embed", name), "tuned", "embed:embed", work, frozen),
            keras=keras_peer("embed:embed", work, "mixed_bfloat16, stock BatchNormalization"),
        )
        cases.append(Case("embed", name, "pictures/s", ours("embed:embed", work), peers))
    return cases
