"""The embedded data set `symbols`: pictograms drawn procedurally, without a download.

`Symbols`, the TensorFlow Datasets builder, is loaded on first use; the drawing itself needs
NumPy and Pillow only.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Symbols": "builder",
    "SymbolClass": "classes",
    "symbol_classes": "classes",
    "render_symbol": "render",
    "draw_symbol": "render",
    "CLEAN": "style",
    "PHOTOGRAPHED": "style",
    "Style": "style",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
