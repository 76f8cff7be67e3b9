"""The cases of models that come from outside and go there."""

from __future__ import annotations

import dataclasses
from typing import Any

from experiments.benchmarks.cases import Case, Contestant, Limit
from experiments.benchmarks.contestants import OUR_SETTING, ours
from experiments.benchmarks.settings import BenchmarkSettings
from experiments.benchmarks.targets import target

_PART = "export"
_IMPORT_SECONDS = 10.0
# Of the size of its file.
_IMPORT_MEMORY = 3.0


def export_cases(settings: BenchmarkSettings, data_dir: str) -> list[Case]:
    """Returns an exported encoder beside its original, and the import of a ResNet-50.

    Args:
        settings: what to measure.
        data_dir: folder of the pictures whose bytes are embedded.
    """
    return [
        *(_serving_default(settings, width) for width in settings.all_widths),
        *(_image_bytes(settings, data_dir, width) for width in settings.all_widths),
        *_import(settings),
    ]


def _serving_default(settings: BenchmarkSettings, width: float) -> Case:
    size = settings.image_size
    name = f"serving_default, {settings.encoder} width {width:g}, {size} px"
    work = _network(settings, width, size)
    peer = _peer("keras_encoder", work, "the Keras encoder", f"{OUR_SETTING}, traced once")
    return _case(name, "serving_default", work, peer, target(_PART, name, "encoder"))


def _image_bytes(settings: BenchmarkSettings, data_dir: str, width: float) -> Case:
    size = settings.folder_image_size
    name = f"image_bytes, {settings.encoder} width {width:g}, {size} px"
    work = {**_network(settings, width, size), "data_dir": data_dir}
    setting = f"{OUR_SETTING}, traced once; Pillow in threads before it"
    peer = _peer("decode_then_encode", work, "decoding, then the Keras encoder", setting)
    return _case(name, "image_bytes", work, peer, target(_PART, name, "apart"))


def _case(
    name: str, task: str, work: dict[str, Any], peer: Contestant, least: float | None
) -> Case:
    program = ours(f"export:{task}", work, "SavedModel, bfloat16, in plain TensorFlow")
    return Case(_PART, name, "pictures/s", program, (dataclasses.replace(peer, target=least),))


def _peer(task: str, work: dict[str, Any], name: str, setting: str) -> Contestant:
    peer = ours(f"export:{task}", work, setting)
    return dataclasses.replace(peer, name=name, process="plain")


def _network(settings: BenchmarkSettings, width: float, size: int) -> dict[str, Any]:
    return {
        "encoder": settings.encoder,
        "width": width,
        "image_size": size,
        "batch_size": settings.batch_size,
    }


def _import(settings: BenchmarkSettings) -> list[Case]:
    width = settings.imported_width
    name = f"import a ResNet-50 of width {width:g} from .safetensors"
    rows = (
        (name, "s", "import_seconds", Limit("limit", _IMPORT_SECONDS)),
        (
            f"{name}, peak memory",
            "times its file",
            "import_memory",
            Limit("limit", _IMPORT_MEMORY),
        ),
    )
    return [
        Case(
            part=_PART,
            name=what,
            unit=unit,
            ours=ours(f"export:{task}", {"width": width}, "float32, random weights"),
            limit=limit,
            higher_is_better=False,
            fresh=True,
            repeats=3,
        )
        for what, unit, task, limit in rows
    ]
