"""Boxes in the XML format of Pascal VOC."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from simclr_tf.data.drawings.annotated_drawing import (
    DrawingSet,
    annotated_drawing,
    box_on_page,
    checked_set,
)
from simclr_tf.data.drawings.annotation_error import AnnotationError
from simclr_tf.data.drawings.page_size import page_size
from simclr_tf.data.drawings.xml_elements import Element, read_xml
from simclr_tf.data.picture_set import SkippedPicture
from simclr_tf.files import path_below

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


class _Annotation(NamedTuple):
    picture: str
    size: tuple[int, int]
    names: list[str]
    boxes: list[list[float]]


def read_pascal_voc(
    data_dir: str | os.PathLike[str],
    image_dir: str | os.PathLike[str] | None = None,
    *,
    class_names: Sequence[str] | None = None,
    first_pixel: int = 1,
) -> DrawingSet:
    """Reads a folder of Pascal VOC annotations, one `.xml` file a picture.

    Args:
        data_dir: Folder with the annotations, or with `Annotations/` and `JPEGImages/`.
        image_dir: Folder of the pictures; by default `JPEGImages/` beside `Annotations/`, and
            otherwise the folder of the annotations.
        class_names: Names in the order of the labels; by default all that occur, sorted.
        first_pixel: Number of the first pixel: 1 as in Pascal VOC, where `xmin` 1 and `xmax` WIDTH
            span the page; 0 for tools that write the coordinates of the edges.

    Returns:
        The drawings in the order of the files; one with a faulty entry is skipped.

    Raises:
        ValueError: The folder is missing, or no drawing in it can be used.

    Reference:
        Everingham et al., "The Pascal visual object classes challenge" (2010).
    """
    root = Path(data_dir)
    if not root.is_dir():
        raise ValueError(f"`data_dir` must be an existing folder. Received: data_dir={data_dir!r}")
    folder = root / "Annotations" if (root / "Annotations").is_dir() else root
    beside = folder.parent / "JPEGImages"
    pictures = Path(image_dir) if image_dir else beside if beside.is_dir() else folder
    annotations: list[_Annotation] = []
    skipped: list[SkippedPicture] = []
    for path in sorted(folder.glob("*.xml")):
        try:
            annotations.append(_read_annotation(path, pictures, class_names, first_pixel))
        except AnnotationError as error:
            skipped.append(SkippedPicture(path.name, str(error)))
    if class_names is None:
        class_names = sorted({name for annotation in annotations for name in annotation.names})
    labels = {name: label for label, name in enumerate(class_names)}
    drawings = tuple(
        annotated_drawing(
            annotation.picture,
            annotation.size,
            annotation.boxes,
            [labels[name] for name in annotation.names],
        )
        for annotation in annotations
    )
    found = DrawingSet(drawings, tuple(class_names), tuple(skipped))
    return checked_set(f"the folder {os.fspath(root)}", found)


def _read_annotation(
    path: Path, pictures: Path, class_names: Sequence[str] | None, first_pixel: int
) -> _Annotation:
    root = read_xml(path)
    name = root.first("filename")
    stated = root.first("size") or Element("size", root.line)
    try:
        if name is None or not name.text.strip():
            raise ValueError("there is no `filename`")
        picture = path_below(pictures, name.text.strip())
        size = page_size(picture, _optional(stated, "width"), _optional(stated, "height"))
    except ValueError as error:
        raise AnnotationError(path, stated.line, str(error)) from error
    names, boxes = [], []
    for thing in root.all("object"):
        try:
            names.append(_name_of(thing, class_names))
            boxes.append(_box_of(thing, size, first_pixel))
        except ValueError as error:
            raise AnnotationError(path, thing.line, str(error)) from error
    return _Annotation(os.fspath(picture), size, names, boxes)


def _optional(element: Element, name: str) -> float:
    return _number(element, name) if element.first(name) else 0.0


def _number(element: Element, name: str) -> float:
    child = element.first(name)
    text = child.text.strip() if child else ""
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"`{name}` must be a number, not {text!r}") from None


def _name_of(thing: Element, class_names: Sequence[str] | None) -> str:
    child = thing.first("name")
    name = child.text.strip() if child else ""
    if not name:
        raise ValueError("the object has no `name`")
    if class_names is not None and name not in class_names:
        raise ValueError(f"the class {name!r} is unknown")
    return name


def _box_of(thing: Element, size: tuple[int, int], first_pixel: int) -> list[float]:
    corners = thing.first("bndbox")
    if corners is None:
        raise ValueError("the object has no `bndbox`")
    x_min, y_min, x_max, y_max = (_number(corners, name) for name in _CORNERS)
    # The first pixel begins at 0, and pixel WIDTH of a page counted from 1 ends at WIDTH.
    return box_on_page([x_min - first_pixel, y_min - first_pixel, x_max, y_max], size)
