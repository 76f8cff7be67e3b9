"""Find and load a trained encoder."""

from __future__ import annotations

import os
import pathlib
import zipfile

import keras

# Registers the layers that a saved encoder may hold.
from simclr_tf.encoders import batch_normalization as _batch_normalization  # noqa: F401
from simclr_tf.encoders import convolution as _convolution  # noqa: F401
from simclr_tf.encoders import picture_scaling as _picture_scaling  # noqa: F401
from simclr_tf.runs import list_versions

ENCODER_FILE = "encoder.keras"


def find_encoder(encoder_dir: str | os.PathLike[str]) -> pathlib.Path:
    """Returns the encoder file that `encoder_dir` means.

    Args:
        encoder_dir: a `.keras` file, a version folder of a run, or a run folder (its newest
            version that has an encoder).

    Raises:
        ValueError: if there is none; the message says what was looked for.
    """
    path = pathlib.Path(encoder_dir)
    if path.is_file() and path.suffix == ".keras":
        return path
    for folder in (path, *reversed(list_versions(path))):
        candidate = folder / ENCODER_FILE
        if candidate.is_file():
            return candidate
    raise ValueError(
        "`encoder_dir` must be a .keras file, a run folder or one of its versions with "
        f"{ENCODER_FILE} in it. Received: encoder_dir={os.fspath(encoder_dir)!r}, which "
        + ("has none" if path.exists() else "does not exist")
    )


def load_encoder(encoder_dir: str | os.PathLike[str]) -> keras.Model:
    """Loads the encoder that `encoder_dir` means, see `find_encoder`.

    Raises:
        ValueError: if there is none or the file is not a readable Keras model.
    """
    path = find_encoder(encoder_dir)
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        # Keras puts what happened inside after the whole config of the model.
        text = str(error).rpartition("Exception encountered: ")[2]
        reason = text.splitlines()[0] if text else type(error).__name__
        raise ValueError(
            f"`encoder_dir` must hold a readable Keras model. Received: {path}: {reason}"
        ) from error
