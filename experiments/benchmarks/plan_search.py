"""The cases of search: in an index, opening one, the figures of retrieval, and the page."""

from __future__ import annotations

from typing import Any

from experiments.benchmarks.cases import Case, Contestant, Limit
from experiments.benchmarks.contestants import OUR_SETTING, ours
from experiments.benchmarks.settings import NEIGHBOURS, BenchmarkSettings
from experiments.benchmarks.targets import target

_PART = "search"


def search_cases(settings: BenchmarkSettings) -> list[Case]:
    """Returns exact search beside FAISS alone, and all else beside its limit."""
    return [
        _exact(settings),
        *_hnsw(settings),
        *_opening(settings),
        *_metrics(settings),
        *_page(settings),
    ]


def _exact(settings: BenchmarkSettings) -> Case:
    name, work = _searched("exact", settings)
    bare = Contestant(
        "FAISS alone",
        "plain",
        "experiments.benchmarks.bare_faiss.search:queries_per_second",
        work,
        "IndexFlatIP on unit vectors, rows for ids",
        target(_PART, name, "faiss"),
    )
    program = ours("search:queries_per_second", {"engine": "exact", **work}, "retrieval.Index")
    return Case(_PART, name, "queries/s", program, (bare,))


def _hnsw(settings: BenchmarkSettings) -> list[Case]:
    name, work = _searched("hnsw", settings)
    work = {"engine": "hnsw", **work}
    rows = (
        (name, "queries_per_second", "queries/s", Limit("limit", 10_000), None),
        (f"{name}, recall", "recall", "", Limit("limit", 0.99), 1),
    )
    return [
        Case(
            part=_PART,
            name=what,
            unit=unit,
            ours=ours(f"search:{task}", work, "retrieval.Index, its defaults"),
            limit=limit,
            fresh=repeats is not None,
            repeats=repeats,
        )
        for what, task, unit, limit, repeats in rows
    ]


def _searched(engine: str, settings: BenchmarkSettings) -> tuple[str, dict[str, Any]]:
    pictures, queries, size = (
        settings.search_pictures,
        settings.search_queries,
        settings.search_size,
    )
    name = f"{engine}, {queries} queries in {pictures} x {size}, top {NEIGHBOURS}"
    return name, {"pictures": pictures, "queries": queries, "size": size, "k": NEIGHBOURS}


def _opening(settings: BenchmarkSettings) -> list[Case]:
    pictures, size = settings.opened_pictures, settings.search_size
    if not pictures:
        return []
    name = f"open a saved index of {pictures} x {size}"
    rows = (
        (name, 0, Limit("limit of 1 s", 1.0)),
        (f"{name} and answer one query", 1, None),
    )
    return [
        Case(
            part=_PART,
            name=what,
            unit="s",
            ours=ours(
                "search:open_index",
                {"pictures": pictures, "size": size, "queries": queries},
                "exact, as a memory map of a file that was just written",
            ),
            limit=limit,
            higher_is_better=False,
            fresh=True,
            repeats=3,
        )
        for what, queries, limit in rows
    ]


def _metrics(settings: BenchmarkSettings) -> list[Case]:
    pictures = settings.metrics_pictures
    if not pictures:
        return []
    work = {"pictures": pictures, "size": settings.search_size}
    name = f"metrics {pictures} x {pictures}"
    rows = (
        (name, "metrics_seconds", "s", None),
        (
            f"{name}, peak memory above the inputs",
            "metrics_memory",
            "MiB",
            Limit("limit of 1 GiB", 1024),
        ),
    )
    return [
        Case(
            part=_PART,
            name=what,
            unit=unit,
            ours=ours(f"search:{task}", work, "evaluate_retrieval, a gallery of its own queries"),
            limit=limit,
            higher_is_better=False,
            fresh=True,
            repeats=1,
        )
        for what, task, unit, limit in rows
    ]


def _page(settings: BenchmarkSettings) -> list[Case]:
    pictures, width = settings.page_pictures, settings.all_widths[0]
    if not pictures:
        return []
    network = f"{settings.encoder} width {width:g}, {settings.image_size} px"
    work = {
        "pictures": pictures,
        "encoder": settings.encoder,
        "width": width,
        "image_size": settings.image_size,
    }
    return [
        Case(
            part=_PART,
            name=f"page, from a picture to its neighbours among {pictures}, {network}",
            unit="s",
            ours=ours("page:seconds_to_neighbours", work, f"{OUR_SETTING}, on the server's side"),
            limit=Limit("limit of 1 s", 1.0),
            higher_is_better=False,
        )
    ]
