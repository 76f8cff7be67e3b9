"""Boxes in COCO's JSON format."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simclr_tf.data.drawings.annotated_drawing import (
    AnnotatedDrawing,
    DrawingSet,
    annotated_drawing,
    box_on_page,
    checked_set,
)
from simclr_tf.data.drawings.annotation_error import AnnotationError, read_text
from simclr_tf.data.drawings.json_lines import lines_of_entries
from simclr_tf.data.drawings.page_size import page_size
from simclr_tf.data.picture_set import SkippedPicture
from simclr_tf.files import path_below

_SECTIONS = ("images", "annotations", "categories")


def read_coco(
    path: str | os.PathLike[str], image_dir: str | os.PathLike[str] | None = None
) -> DrawingSet:
    """Reads the boxes of a COCO JSON file.

    The categories, in the order of their ids, become the labels 0, 1 and so on. Crowd regions
    (`iscrowd`) are no boxes of one thing each; they are left out, and a warning counts them.

    Args:
        path: The file, with `images`, `annotations` (`bbox` as x, y, width, height in pixels) and
            `categories`.
        image_dir: Folder that `file_name` starts from and may not leave; by default that of the
            file.

    Returns:
        The drawings in the order of `images`; a drawing with a faulty entry is skipped.

    Raises:
        AnnotationError: The file is not JSON of this form.
        ValueError: No drawing in it can be used.
    """
    return _CocoFile(Path(path), Path(image_dir or Path(path).parent)).drawings()


class _CocoFile:
    def __init__(self, path: Path, image_dir: Path) -> None:
        self._path, self._image_dir = path, image_dir
        self._text = read_text(path)
        self._content = self._parsed()
        self._lines: dict[str, list[int]] = {}
        categories = sorted(self._entries("categories", id=int, name=str), key=_id_of)
        self._labels = {entry["id"]: label for label, (_, entry) in enumerate(categories)}
        self._class_names = tuple(entry["name"] for _, entry in categories)
        self._crowds = 0

    def drawings(self) -> DrawingSet:
        images = list(self._entries("images", id=int, file_name=str))
        boxes_of: dict[int, list[tuple[int, dict[str, Any]]]] = {e["id"]: [] for _, e in images}
        skipped: list[SkippedPicture] = []
        for number, entry in self._entries("annotations", image_id=int):
            if entry["image_id"] in boxes_of:
                boxes_of[entry["image_id"]].append((number, entry))
            else:
                reason = f"the image {entry['image_id']} is not in `images`"
                error = self._error("annotations", number, reason)
                skipped.append(SkippedPicture(f"image {entry['image_id']}", str(error)))
        drawings = []
        for number, image in images:
            try:
                drawings.append(self._drawing(number, image, boxes_of[image["id"]]))
            except AnnotationError as error:
                skipped.append(SkippedPicture(image["file_name"], str(error)))
        crowds = f"{self._crowds} crowd regions of {self._path} are left out."
        found = DrawingSet(
            tuple(drawings), self._class_names, tuple(skipped), (crowds,) if self._crowds else ()
        )
        return checked_set(os.fspath(self._path), found)

    def _drawing(
        self, number: int, image: dict[str, Any], annotations: list[tuple[int, dict[str, Any]]]
    ) -> AnnotatedDrawing:
        try:
            picture = path_below(self._image_dir, image["file_name"])
            size = page_size(picture, image.get("width"), image.get("height"))
        except ValueError as error:
            raise self._error("images", number, str(error)) from error
        boxes, labels = [], []
        for place, annotation in annotations:
            if annotation.get("iscrowd"):
                self._crowds += 1
                continue
            try:
                boxes.append(_box_of(annotation, size))
                labels.append(self._label_of(annotation))
            except ValueError as error:
                raise self._error("annotations", place, str(error)) from error
        return annotated_drawing(os.fspath(picture), size, boxes, labels)

    def _label_of(self, annotation: dict[str, Any]) -> int:
        category = annotation.get("category_id")
        if not isinstance(category, int) or category not in self._labels:
            raise ValueError(f"the category {category!r} is unknown")
        return self._labels[category]

    def _parsed(self) -> dict[str, Any]:
        try:
            content = json.loads(self._text)
        except json.JSONDecodeError as error:
            raise AnnotationError(self._path, error.lineno, f"not JSON: {error.msg}") from error
        except ValueError as error:
            # A number of thousands of digits.
            raise AnnotationError(self._path, None, f"not JSON: {error}") from error
        except RecursionError as error:
            raise AnnotationError(self._path, None, "nested too deeply") from error
        for section in _SECTIONS:
            if not isinstance(content, dict) or not isinstance(content.get(section), list):
                raise AnnotationError(self._path, None, f"has no list `{section}`")
        return content

    def _entries(self, section: str, **types: type) -> Iterator[tuple[int, dict[str, Any]]]:
        """Gives the entries of a section with their numbers, each with keys of these types."""
        for number, entry in enumerate(self._content[section]):
            for key, kind in types.items():
                if not isinstance(entry, dict) or not isinstance(entry.get(key), kind):
                    wanted = "a whole number" if kind is int else "a text"
                    raise self._error(section, number, f"`{key}` must be {wanted}")
            yield number, entry

    def _error(self, section: str, number: int, reason: str) -> AnnotationError:
        if section not in self._lines:
            self._lines[section] = lines_of_entries(self._text, section)
        # Of two sections of one name the reader takes the last, and the lines are of the first.
        lines = self._lines[section][number:]
        line = lines[0] if lines else None
        # The line alone says nothing where the whole file is one line.
        return AnnotationError(self._path, line, f"{section}[{number}]: {reason}")


def _id_of(numbered: tuple[int, dict[str, Any]]) -> int:
    return numbered[1]["id"]


def _box_of(annotation: dict[str, Any], size: tuple[int, int]) -> list[float]:
    box = annotation.get("bbox")
    if (
        not isinstance(box, list)
        or len(box) != 4
        or not all(isinstance(value, (int, float)) for value in box)
    ):
        raise ValueError(f"`bbox` must be four numbers, not {box!r}")
    try:
        x, y, width, height = (float(value) for value in box)
    except OverflowError:
        raise ValueError("`bbox` has a number that is too large") from None
    return box_on_page([x, y, x + width, y + height], size)
