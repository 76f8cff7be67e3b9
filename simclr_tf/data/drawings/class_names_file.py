"""The names of classes in a file, as tools for YOLO write it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from simclr_tf.data.drawings.annotation_error import AnnotationError, read_text

# labelImg, Darknet and Ultralytics.
_USUAL_NAMES = ("classes.txt", "obj.names", "data.yaml", "dataset.yaml")


def find_names_file(folder: str | os.PathLike[str]) -> Path | None:
    """Returns the file of class names in a folder under a usual name; None without one."""
    paths = (Path(folder) / name for name in _USUAL_NAMES)
    return next((path for path in paths if path.is_file()), None)


def read_class_names(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Returns the names of the classes 0, 1, ... in order.

    Args:
        path: A text with one name a line, or a `.yaml` file with a list or a mapping `names`.

    Raises:
        AnnotationError: The file cannot be read, names no class, or one twice.
        ImportError: A `.yaml` file is read without PyYAML.
    """
    if Path(path).suffix.lower() in (".yaml", ".yml"):
        names = _names_of_yaml(path)
    else:
        # Blank lines at the end mean nothing; one between names would shift the later ones.
        names = [line.strip() for line in read_text(path).rstrip().splitlines()]
    if not names:
        raise AnnotationError(path, None, "names no class")
    seen: set[str] = set()
    for number, name in enumerate(names):
        if not name:
            raise AnnotationError(path, number + 1, f"the class {number} has no name")
        if name in seen:
            raise AnnotationError(path, number + 1, f"the class name {name!r} stands there twice")
        seen.add(name)
    return tuple(names)


def _names_of_yaml(path: str | os.PathLike[str]) -> list[str]:
    try:
        import yaml
    except ImportError as error:
        raise ImportError(
            f'Reading {os.fspath(path)} needs PyYAML: pip install "simclr_tf[yaml]". '
            "A text file with one name a line needs nothing."
        ) from error
    try:
        content: Any = yaml.safe_load(read_text(path))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, AnnotationError):
            raise
        raise AnnotationError(path, None, f"not YAML: {' '.join(str(error).split())}") from error
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, dict):
        if sorted(names, key=str) != sorted(range(len(names)), key=str):
            raise AnnotationError(path, None, "the keys of `names` must be 0, 1, 2 and so on")
        names = [names[number] for number in range(len(names))]
    if not isinstance(names, list):
        raise AnnotationError(path, None, "has no list `names`")
    if not all(isinstance(name, (str, int, float)) for name in names):
        raise AnnotationError(path, None, "a name must be a text")
    return [str(name) for name in names]
