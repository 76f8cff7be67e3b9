"""Public names that import their module only when they are first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(package: str, places: Mapping[str, str]) -> tuple[Callable[[str], Any], list[str]]:
    """Returns `__getattr__` and `__all__` for a package whose modules are heavy to import.

    Args:
        package: the package's `__name__`.
        places: module by public name.

    Example:
        >>> __getattr__, __all__ = lazy_names(__name__, {"SimCLR": "simclr_tf.training.simclr"})
    """

    def get(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(places[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return get, list(places)
