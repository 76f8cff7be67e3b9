"""The cases of finding symbols on drawings: beside OpenCV, and beside encoding every window."""

from __future__ import annotations

import dataclasses
from typing import Any

from experiments.benchmarks.cases import Case, Contestant, Limit
from experiments.benchmarks.contestants import chosen, ours
from experiments.benchmarks.settings import BenchmarkSettings
from experiments.benchmarks.targets import target

_PART = "detect"
# A page of 3300 x 2099 pixels.
_SECONDS, _MEBIBYTES = 20.0, 2048.0


def detect_cases(settings: BenchmarkSettings, data_dir: str) -> list[Case]:
    """Returns speed, precision, recall and memory of the search of annotated drawings.

    Args:
        settings: what to measure.
        data_dir: folder of the drawings.

    Raises:
        ValueError: if there is no folder.
    """
    if not data_dir:
        raise ValueError("`data_dir` must be given for detect: a folder of annotated drawings.")
    shown = f"{settings.detect_examples} example a class"
    pages = settings.every_window_pages
    cases = [
        _case(settings, data_dir, f"{shown}, a page", "s", "seconds", Limit("limit", _SECONDS)),
        _case(settings, data_dir, f"{shown}, mAP@.5", "", "map_50"),
        _case(
            settings,
            data_dir,
            f"{shown}, peak memory of the process",
            "MiB",
            "mebibytes",
            Limit("limit of 2 GiB", _MEBIBYTES),
        ),
    ]
    if pages:
        some = f"{shown}, first {pages} of the pages"
        cases += [
            _beside_every_window(settings, data_dir, f"{some}, a page", "s", "seconds"),
            _beside_every_window(
                settings, data_dir, f"{some}, recall of the places looked at", "", "recall"
            ),
        ]
    return cases


def _case(
    settings: BenchmarkSettings,
    data_dir: str,
    name: str,
    unit: str,
    figure: str,
    limit: Limit | None = None,
) -> Case:
    opencv = Contestant(
        "OpenCV template matching",
        "opencv",
        "experiments.benchmarks.opencv.detect:found",
        {"name": figure, "pages": 0, **_drawings(settings, data_dir)},
        "TM_CCOEFF_NORMED of the same examples at four rotations, grey pages at full size; "
        "the reader of drawings loads TensorFlow",
        target(_PART, name, "opencv"),
    )
    return Case(
        part=_PART,
        name=name,
        unit=unit,
        ours=_ours(settings, data_dir, figure, 0),
        peers=chosen(settings, opencv=opencv),
        limit=limit,
        higher_is_better=figure == "map_50",
        repeats=1,
    )


def _beside_every_window(
    settings: BenchmarkSettings, data_dir: str, name: str, unit: str, figure: str
) -> Case:
    pages, step = settings.every_window_pages, settings.every_window_step
    every_window = dataclasses.replace(
        _ours(settings, data_dir, figure, pages, step),
        name="every window encoded",
        process="plain",
        setting=f"{_encoder(settings)}; windows {step:g} of their side apart; then as ours",
        target=target(_PART, name, "every_window"),
    )
    return Case(
        part=_PART,
        name=name,
        unit=unit,
        ours=_ours(settings, data_dir, figure, pages),
        peers=(every_window,),
        higher_is_better=figure == "recall",
        repeats=1,
    )


def _ours(
    settings: BenchmarkSettings, data_dir: str, figure: str, pages: int, step: float = 0.0
) -> Contestant:
    arguments = {
        "name": figure,
        "pages": pages,
        **_drawings(settings, data_dir),
        "weights": settings.detect_weights,
        "encoder": settings.encoder,
        "width": settings.all_widths[0],
        "every_window_step": step,
    }
    return ours("detect:found", arguments, f"{_encoder(settings)}; scores calibrated as detect.py")


def _drawings(settings: BenchmarkSettings, data_dir: str) -> dict[str, Any]:
    return {
        "data_dir": data_dir,
        "train_drawings": settings.detect_train_drawings,
        "examples": settings.detect_examples,
    }


def _encoder(settings: BenchmarkSettings) -> str:
    if settings.detect_weights:
        return "SqueezeNet of ImageNet, 64 px"
    return f"{settings.encoder} width {settings.all_widths[0]:g}, random weights, 64 px"
