"""Save models so that an interrupted save leaves the old file."""

from __future__ import annotations

import os
import pathlib

import keras


def save_model(model: keras.Model, path: str | os.PathLike[str]) -> None:
    """Saves `model` to the `.keras` file `path`: written beside, then renamed."""
    path = pathlib.Path(path)
    beside = path.with_name(f".{path.stem}.tmp.keras")
    try:
        model.save(beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
