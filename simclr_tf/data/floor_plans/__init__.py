"""The embedded data set `floor_plans`: drawn floor plans with symbols, without a download.

`FloorPlans`, the TensorFlow Datasets builder, is loaded on first use; the drawing itself needs
NumPy and Pillow only.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "FloorPlans": "builder",
    "FloorPlan": "plan",
    "draw_floor_plan": "plan",
    "draw_pages": "drawn_pages",
    "PlanClasses": "symbol_choice",
    "plan_classes": "symbol_choice",
    "floor_plan_pages": "pages",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
