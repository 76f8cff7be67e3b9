"""Save models so that an interrupted save leaves the old file."""

from __future__ import annotations

import os
import pathlib

import keras

from simclr_tf.files import full_disk_explained, sync_folder


def save_model(model: keras.Model, path: str | os.PathLike[str]) -> None:
    """Saves `model` to the `.keras` file `path`: written beside, forced to the disk, renamed."""
    path = pathlib.Path(path)
    beside = path.with_name(f".{path.stem}.tmp.keras")
    with full_disk_explained(path):
        try:
            model.save(beside)
            with open(beside, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(beside, path)
            sync_folder(path.parent)
        finally:
            beside.unlink(missing_ok=True)
