"""Boxes in YOLO's text format: one file beside each picture, one line a box."""

from __future__ import annotations

import os
from pathlib import Path

from simclr_tf.data.decode import UnreadablePicture, picture_size
from simclr_tf.data.drawings.annotated_drawing import (
    AnnotatedDrawing,
    DrawingSet,
    annotated_drawing,
    box_on_page,
    checked_set,
)
from simclr_tf.data.drawings.annotation_error import AnnotationError, read_text
from simclr_tf.data.drawings.class_names_file import find_names_file, read_class_names
from simclr_tf.data.folder_scan import scan_folder
from simclr_tf.data.picture_set import SkippedPicture

# Without names all classes up to the largest get one.
_LARGEST_CLASS = 99_999


def read_yolo(
    data_dir: str | os.PathLike[str], names_file: str | os.PathLike[str] | None = None
) -> DrawingSet:
    """Reads the pictures below a folder that have a text of boxes.

    The text stands beside the picture under the same name with `.txt`, or in a folder `labels`
    where the picture's is called `images`. Each line is `class x_centre y_centre width height`,
    the last four as shares of the page's width and height. An empty text means that nothing is
    on the page; a picture without a text is left out, since nobody said so.

    Args:
        data_dir: The folder.
        names_file: One class name a line, or a `.yaml` file with `names`; by default
            `classes.txt`, `obj.names`, `data.yaml` or `dataset.yaml` in the folder, and without
            one of these the classes are called `0`, `1` and so on.

    Returns:
        The drawings in the order of their paths; a drawing with a faulty line is skipped.

    Raises:
        ValueError: The folder is missing, or no drawing in it can be used.
        AnnotationError: The file of names is faulty.
    """
    root = Path(data_dir)
    if not root.is_dir():
        raise ValueError(f"`data_dir` must be an existing folder. Received: data_dir={data_dir!r}")
    names_path = names_file or find_names_file(root)
    class_names = None if names_path is None else read_class_names(names_path)
    drawings: list[AnnotatedDrawing] = []
    files, skipped = scan_folder(os.fspath(root))
    for file in files:
        try:
            drawings.append(_read_drawing(root / file.path, class_names))
        except (UnreadablePicture, AnnotationError) as error:
            skipped.append(SkippedPicture(file.path, str(error)))
    if class_names is None:
        highest = max((drawing.labels.max(initial=-1) for drawing in drawings), default=-1)
        class_names = tuple(str(label) for label in range(highest + 1))
    found = DrawingSet(tuple(drawings), class_names, tuple(skipped))
    return checked_set(f"the folder {os.fspath(root)}", found)


def _read_drawing(picture: Path, class_names: tuple[str, ...] | None) -> AnnotatedDrawing:
    path = _text_of(picture)
    size = picture_size(picture)
    boxes, labels = [], []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            label, box = _parse_line(line, size, class_names)
        except ValueError as error:
            raise AnnotationError(path, number, str(error)) from error
        labels.append(label)
        boxes.append(box)
    return annotated_drawing(os.fspath(picture), size, boxes, labels)


def _text_of(picture: Path) -> Path:
    beside = picture.with_suffix(".txt")
    if beside.is_file():
        return beside
    parts = beside.parts
    if "images" in parts[:-1]:
        last = len(parts) - 1 - parts[::-1].index("images")
        elsewhere = Path(*parts[:last], "labels", *parts[last + 1 :])
        if elsewhere.is_file():
            return elsewhere
    raise AnnotationError(beside, None, "there is no such text of boxes for the picture")


def _parse_line(
    line: str, size: tuple[int, int], class_names: tuple[str, ...] | None
) -> tuple[int, list[float]]:
    words = line.split()
    if len(words) != 5:
        raise ValueError(
            "a line must be `class x_centre y_centre width height`, not one of "
            f"{len(words)} {'number' if len(words) == 1 else 'numbers'}"
        )
    try:
        number, x, y, width, height = (float(word) for word in words)
    except ValueError:
        raise ValueError(f"a line must be five numbers, not {line.strip()!r}") from None
    if not 0 <= number <= _LARGEST_CLASS or not number.is_integer():
        raise ValueError(
            f"the class must be a whole number from 0 to {_LARGEST_CLASS}, not {words[0]}"
        )
    if class_names is not None and number >= len(class_names):
        raise ValueError(
            f"the class {words[0]} is unknown; there are names for 0 to {len(class_names) - 1}"
        )
    page_width, page_height = size
    box = [
        (x - width / 2) * page_width,
        (y - height / 2) * page_height,
        (x + width / 2) * page_width,
        (y + height / 2) * page_height,
    ]
    return int(number), box_on_page(box, size)
