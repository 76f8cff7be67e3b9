"""Find a trained encoder and learn what it is, without TensorFlow."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any

from simclr_tf.archives import opened_archive
from simclr_tf.runs import list_versions

ENCODER_FILE = "encoder.keras"
PROJECTION_HEAD_FILE = "projection_head.keras"
# New ones, and those that Keras downloads.
WEIGHTS_WORDS = ("none", "imagenet")
# The rest of a .keras file says when and with which version it was written.
_IDENTITY = ("config.json", "model.weights.h5")


def find_encoder(encoder_dir: str | os.PathLike[str]) -> pathlib.Path:
    """Returns the encoder file that `encoder_dir` means.

    Args:
        encoder_dir: a `.keras` file, a version folder of a run, or a run folder (its newest
            version that has an encoder).

    Raises:
        ValueError: if there is none; the message says what was looked for.
    """
    path = pathlib.Path(encoder_dir).expanduser()
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


def find_weights(weights: str | os.PathLike[str]) -> str:
    """Returns what `weights` means to `build_encoder`: `none`, `imagenet`, or a file.

    Args:
        weights: one of the two words, a file, or a run folder or version, see `find_encoder`.

    Raises:
        ValueError: if it is none of these.
    """
    if weights in WEIGHTS_WORDS:
        return str(weights)
    path = pathlib.Path(weights).expanduser()
    if path.is_file():
        return os.fspath(path)
    try:
        return os.fspath(find_encoder(path))
    except ValueError as error:
        raise ValueError(
            f"`weights` must be {' or '.join(WEIGHTS_WORDS)}, a Keras file, or a run folder or one "
            f"of its versions with {ENCODER_FILE} in it. Received: weights={os.fspath(weights)!r}, "
            "which " + ("has none" if path.exists() else "does not exist")
        ) from error


def find_projection_head(encoder_dir: str | os.PathLike[str]) -> pathlib.Path:
    """Returns the file of the projection head that was trained with an encoder, see `find_encoder`.

    Raises:
        ValueError: if there is none; `best_encoder.keras` is of another epoch than the head.
    """
    encoder = find_encoder(encoder_dir)
    path = encoder.with_name(PROJECTION_HEAD_FILE)
    if encoder.name != ENCODER_FILE or not path.is_file():
        raise ValueError(
            f"`encoder_dir` must have a {PROJECTION_HEAD_FILE} beside its {ENCODER_FILE}, as a "
            "pretraining leaves it, where layers of the head are wanted. "
            f"Received: encoder_dir={os.fspath(encoder_dir)!r}"
        )
    return path


def encoder_fingerprint(encoder_dir: str | os.PathLike[str]) -> str:
    """Returns a hexadecimal digest of an encoder's layers and weights, see `find_encoder`.

    Copies of a file have the same fingerprint; more training gives another one.

    Raises:
        ValueError: if there is no encoder or the file is not a readable Keras model.
    """
    digest = hashlib.sha256()
    path = find_encoder(encoder_dir)
    for member in _IDENTITY:
        digest.update(hashlib.sha256(_read_member(path, member)).digest())
    return digest.hexdigest()


def encoder_image_size(encoder_dir: str | os.PathLike[str]) -> int | None:
    """Returns the side of the square pictures that an encoder is meant for; None if it says none.

    Raises:
        ValueError: if there is no encoder or the file is not a readable Keras model.
    """
    path = find_encoder(encoder_dir)
    content = _read_member(path, "config.json")
    try:
        entries = list(_entries(json.loads(content)))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"`encoder_dir` must hold a readable Keras model. Received: {path}: {error}"
        ) from error
    sizes = [value for name, value in entries if name == "image_size" and isinstance(value, int)]
    shapes = [value for name, value in entries if name == "batch_shape" and isinstance(value, list)]
    if sizes:
        return sizes[0]
    side = shapes[0][1] if shapes and len(shapes[0]) == 4 else None
    return side if isinstance(side, int) else None


def _entries(config: Any) -> Iterator[tuple[str, Any]]:
    """Yields names and values of a nested config in their order."""
    if isinstance(config, dict):
        for name, value in config.items():
            yield name, value
            yield from _entries(value)
    elif isinstance(config, list):
        for part in config:
            yield from _entries(part)


def _read_member(path: pathlib.Path, member: str) -> bytes:
    try:
        with opened_archive(path) as archive:
            return archive.read(member)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"`encoder_dir` must hold a readable Keras model. Received: {path}: {error}"
        ) from error
