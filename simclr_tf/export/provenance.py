"""What the folder of a run tells of an encoder: data, recipe and results."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

from simclr_tf.encoders.find import encoder_fingerprint, find_encoder
from simclr_tf.runs.run_folder import ADDED_KEYS, CONFIG, FINISHED

_DATA = (
    "data_dir",
    "dataset",
    "fingerprint",
    "image_size",
    "resize_mode",
    "max_classes",
    "class_seed",
    "label_depth",
    "validation_fraction",
    "test_fraction",
)
# What `import_weights.py` writes beside the encoder.
_IMPORT = "import.json"
_PROBES = ("linear_probe", "knn_probe")
_SINGLE_FIGURES = (int, float, str, bool)


def read_provenance(encoder_dir: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads what lies beside an encoder: the config of its run, its import, the files of results.

    Args:
        encoder_dir: see `find_encoder`.

    Returns:
        `encoder`, its fingerprint; `imported`, where its weights came from; `data`, `recipe` and
        `metrics` by file, each left out where the folder has none; figures that are no single
        number or text are left out.

    Raises:
        ValueError: if there is no encoder.
    """
    path = find_encoder(encoder_dir)
    folder = path.parent
    provenance: dict[str, Any] = {"encoder": encoder_fingerprint(path)}
    config = _read(folder / CONFIG)
    if config:
        provenance["data"] = {name: config[name] for name in _DATA if config.get(name) is not None}
        provenance["recipe"] = {
            name: value
            for name, value in config.items()
            if name not in (*_DATA, *ADDED_KEYS) and isinstance(value, _SINGLE_FIGURES)
        }
    imported = _read(folder / _IMPORT)
    if imported:
        provenance["imported"] = imported.get("weights", "")
    metrics = {
        os.fspath(file.relative_to(folder)): _figures(_read(file))
        for file in (
            folder / FINISHED,
            folder / "report.json",
            folder / "metrics.json",
            *sorted(folder.glob("*/probe.json")),
        )
        if file.is_file()
    }
    metrics = {name: figures for name, figures in metrics.items() if figures}
    return {**provenance, **({"metrics": metrics} if metrics else {})}


def _figures(results: Mapping[str, Any]) -> dict[str, Any]:
    """The single figures of one file; a probe's are called `linear_probe accuracy`."""
    figures = {name: value for name, value in results.items() if isinstance(value, _SINGLE_FIGURES)}
    for probe in _PROBES:
        for name, value in dict(results.get(probe) or {}).items():
            if isinstance(value, _SINGLE_FIGURES):
                figures[f"{probe} {name}"] = value
    split = results.get("split")
    if isinstance(split, Mapping):
        figures["split"] = ", ".join(f"{name} {count}" for name, count in split.items())
    return figures


def _read(path: pathlib.Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)!r} must hold JSON: {error}") from error
    return content if isinstance(content, dict) else {}
