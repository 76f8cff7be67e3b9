"""The arrays of a checkpoint file, whatever its format, without executing anything in it."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import struct
from collections.abc import Mapping

import ml_dtypes  # noqa: F401 (teaches NumPy the name bfloat16, which safetensors asks for)
import numpy as np
from safetensors import SafetensorError, safe_open

from simclr_tf.weights.tensorflow_file import read_tensorflow_file, tensorflow_prefix
from simclr_tf.weights.torch_file import read_torch_file

_KERAS = (".h5", ".keras")
# What a failed download leaves, by its first bytes.
_MISTAKEN = {
    b"<": "a web page, not a checkpoint: download the file itself",
    b"version https://git-lfs": "a Git LFS pointer, not a checkpoint: run `git lfs pull`",
    b"{": "text, not a checkpoint",
}


@dataclasses.dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a checkpoint file holds.

    Attributes:
        arrays: by name; the names of nested parts are joined with dots.
        metadata: texts by name, of a `.safetensors` file.
    """

    arrays: Mapping[str, np.ndarray]
    metadata: Mapping[str, str]


def read_checkpoint(file: str | os.PathLike[str]) -> Checkpoint:
    """Reads `.safetensors`, PyTorch's `.pth`, `.pt`, `.ckpt`, `.tar` and `.bin`, and TensorFlow's.

    PyTorch's own formats need the extra `torch`. They are read by its loader for weights alone: a
    file that asks for anything else is refused before anything is executed. Of a SavedModel only
    the variables are read.

    Args:
        file: path of the file; of TensorFlow see `tensorflow_prefix`.

    Returns:
        Its arrays. Large files are mapped into memory, not copied.

    Raises:
        ValueError: if the file does not exist, is none of these or broken, asks for more than
            weights, or PyTorch is needed and not installed.
    """
    path = pathlib.Path(file).expanduser()
    prefix = tensorflow_prefix(path)
    if prefix is not None:
        return Checkpoint(read_tensorflow_file(prefix), {})
    if path.is_dir():
        raise ValueError(
            "`weights` must be a file, or a folder with a SavedModel or checkpoints of TensorFlow "
            f"in it. Received: {os.fspath(file)!r}"
        )
    if not path.is_file():
        raise ValueError(f"`weights` must be a file that exists. Received: {os.fspath(file)!r}")
    if path.suffix in _KERAS:
        raise ValueError(
            "`weights` must be a .safetensors file or one of PyTorch; a Keras file is loaded by "
            f"build_encoder(weights=...) and by finetune.py. Received: {os.fspath(file)!r}"
        )
    _refuse_mistaken(path)
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    return Checkpoint(read_torch_file(path), {})


def _refuse_mistaken(path: pathlib.Path) -> None:
    with open(path, "rb") as file:
        start = file.read(64).lstrip()
    kind = next((text for begin, text in _MISTAKEN.items() if start.startswith(begin)), None)
    # The length of a safetensors header may begin with any byte.
    if kind is not None and path.suffix == ".safetensors" and _has_safetensors_header(path):
        kind = None
    if not start:
        kind = "empty"
    if kind is not None:
        raise ValueError(f"`weights` must be a checkpoint. Received: {path}, which is {kind}")


def _has_safetensors_header(path: pathlib.Path) -> bool:
    with open(path, "rb") as file:
        start = file.read(9)
    return (
        len(start) == 9
        and struct.unpack("<Q", start[:8])[0] <= path.stat().st_size
        and start[8:] == b"{"
    )


def _read_safetensors(path: pathlib.Path) -> Checkpoint:
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return Checkpoint(arrays, file.metadata() or {})
    except (SafetensorError, OSError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"`weights` must be a whole .safetensors file. Received: {path}: {reason}"
        ) from error
