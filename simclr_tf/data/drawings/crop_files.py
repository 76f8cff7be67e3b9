"""Crops as picture files, with a table of where each was cut."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import pathlib
from typing import Any

import numpy as np
from PIL import Image

from simclr_tf.data.drawings.crops import Crop
from simclr_tf.files import write_csv

CROP_TABLE = "crops.csv"
CORNERS = ("x_min", "y_min", "x_max", "y_max")
_COLUMNS = ("file", "class", "page", *CORNERS, "score", "sha256")


class CropFiles:
    """Writes crops into a folder, and at the end the table `crops.csv`.

    The table has a row for every file: its path in the folder, the name of its class (empty for
    none), the page it was cut from and the window there in pixels, the score of the detection
    where there was one, and a digest of its pixels.

    Args:
        folder: Where to; it exists.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.rows: list[dict[str, Any]] = []

    def add(self, crop: Crop, file: str, class_name: str = "") -> None:
        """Writes one crop as PNG.

        Args:
            crop: The crop.
            file: Its path in the folder, with `/`.
            class_name: Of its class; empty for none.
        """
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png_of(crop.pixels))
        row = {"file": file, "class": class_name, "page": crop.page, "score": crop.score}
        corners = dict(zip(CORNERS, crop.window, strict=True))
        self.rows.append({**row, **corners, "sha256": pixel_digest(crop.pixels)})

    def write_table(self) -> None:
        """Writes `crops.csv`."""
        write_csv(self.folder / CROP_TABLE, self.rows, _COLUMNS)


def read_crop_table(folder: str | os.PathLike[str]) -> list[dict[str, str]]:
    """Returns the rows of a folder's `crops.csv`; none where there is no such table."""
    path = pathlib.Path(folder) / CROP_TABLE
    if not path.is_file():
        return []
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return list(csv.DictReader(file))


def png_of(pixels: np.ndarray) -> bytes:
    """Returns uint8 `[height, width, 3]` as the bytes of a PNG file."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=4)
    return stream.getvalue()


def pixel_digest(pixels: np.ndarray) -> str:
    """Returns a hexadecimal digest of uint8 `[height, width, 3]`."""
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(pixels.tobytes())
    return digest.hexdigest()
