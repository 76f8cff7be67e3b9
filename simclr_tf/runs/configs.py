"""What a run was asked for, and with which packages."""

from __future__ import annotations

import importlib.metadata
import os
import pathlib
import platform
from collections.abc import Iterable, Mapping
from typing import Any

from simclr_tf.files import plain, read_json

CONFIG = "config.json"
# What is added to the caller's config in config.json.
ADDED_KEYS = ("versions", "created", "command")
PACKAGES = ("simclr_tf", "tensorflow", "keras", "numpy")


def read_config(version: pathlib.Path) -> dict[str, Any]:
    """Returns what the run in the folder `version` was asked for, without what was added to it.

    Raises:
        ValueError: If its config.json is missing or is not an object of JSON.
    """
    try:
        config = read_json(version / CONFIG, dict)
    except FileNotFoundError as error:
        raise ValueError(
            f"{os.fspath(version)!r} must be a version of a run: it has no {CONFIG}"
        ) from error
    return {key: value for key, value in config.items() if key not in ADDED_KEYS}


def config_differences(
    old: Mapping[str, Any], new: Mapping[str, Any], ignore: Iterable[str] = ()
) -> list[str]:
    """Returns one sentence for each name whose value differs between two configs.

    Args:
        old: Config of the run that is resumed.
        new: Config that is asked for now.
        ignore: Names that may differ.

    Returns:
        Sentences in order of the names; none when the configs agree.
    """
    old, new = plain(old), plain(new)
    names = sorted((set(old) | set(new)) - set(ignore))
    return [
        f"`{name}` was {_shown(old, name)} and is now {_shown(new, name)}"
        for name in names
        if _shown(old, name) != _shown(new, name)
    ]


def package_versions() -> dict[str, str | None]:
    """Returns the versions of Python and of the packages that decide results, importing none."""
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return versions


def _shown(config: Mapping[str, Any], name: str) -> str:
    return repr(config[name]) if name in config else "not set"
