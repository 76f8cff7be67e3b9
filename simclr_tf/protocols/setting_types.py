"""The types of settings, by name."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any


def setting_types(settings: type[Any]) -> dict[str, type]:
    """Returns `bool`, `int`, `float` or `str` for each field of a settings dataclass.

    Args:
        settings: the dataclass; `int | None` counts as `int`.
    """
    hints = typing.get_type_hints(settings)
    return {field.name: _plain_type(hints[field.name]) for field in dataclasses.fields(settings)}


def _plain_type(annotation: Any) -> type:
    if isinstance(annotation, types.UnionType):
        return next(part for part in typing.get_args(annotation) if part is not type(None))
    return annotation
