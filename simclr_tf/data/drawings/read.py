"""Annotated drawings in whichever of the known formats they are."""

from __future__ import annotations

import os
from pathlib import Path

from simclr_tf.data.drawings.annotated_drawing import DrawingSet
from simclr_tf.data.drawings.coco import read_coco
from simclr_tf.data.drawings.pascal_voc import read_pascal_voc
from simclr_tf.data.drawings.yolo import read_yolo


def read_drawings(
    path: str | os.PathLike[str], names_file: str | os.PathLike[str] | None = None
) -> DrawingSet:
    """Reads annotated drawings: YOLO texts, a COCO file or Pascal VOC files.

    Args:
        path: A COCO `.json` file; or a folder with `.xml` files (or `Annotations/`) of Pascal VOC,
            with one `.json` file of COCO, or otherwise with YOLO texts beside the pictures.
        names_file: Names of YOLO's classes, see `read_yolo`; the others bring their own.

    Returns:
        The drawings that can be used, and why others cannot.

    Raises:
        ValueError: There is no such file or folder, several `.json` files could be meant, or no
            drawing can be used.
        AnnotationError: A file is not of its format.
    """
    place = Path(path)
    if place.is_file():
        return read_coco(place)
    if not place.is_dir():
        raise ValueError(
            f"`path` must be an existing folder or COCO file. Received: path={os.fspath(path)!r}"
        )
    if (place / "Annotations").is_dir() or any(place.glob("*.xml")):
        return read_pascal_voc(place)
    texts = sorted(place.glob("*.json"))
    if len(texts) > 1:
        names = ", ".join(text.name for text in texts)
        raise ValueError(
            f"`path` must be one COCO file; the folder has several: {names}. "
            f"Received: path={os.fspath(path)!r}"
        )
    return read_coco(texts[0]) if texts else read_yolo(place, names_file)
