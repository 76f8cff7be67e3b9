"""Read PyTorch's own checkpoint files through its loader for weights alone."""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import zipfile
from collections.abc import Iterator, Mapping
from pickle import UnpicklingError
from typing import Any

import numpy as np

_NOT_A_CHECKPOINT = (
    UnpicklingError,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    ImportError,
    MemoryError,
    zipfile.BadZipFile,
)


def read_torch_file(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Returns the tensors of a PyTorch file by name, see `read_checkpoint`.

    Settings that a training kept as `argparse.Namespace` are allowed beside tensors and plain
    values; nothing else is.
    """
    try:
        import torch
    except ImportError as error:
        raise ValueError(
            '`weights` in a format of PyTorch need the extra "torch": pip install '
            f'"simclr_tf[torch]"; .safetensors does not. Received: {os.fspath(path)!r}'
        ) from error
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            content = torch.load(
                path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
            )
    except _NOT_A_CHECKPOINT as error:
        raise ValueError(
            f"`weights` must be a checkpoint of weights. Received: {path}, {_reason(error)}"
        ) from error
    return {
        name: _as_array(tensor)
        for name, tensor in _named_parts(content)
        if isinstance(tensor, torch.Tensor)
        and tensor.layout == torch.strided
        and not tensor.is_quantized
    }


def _named_parts(content: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, Mapping):
        for name, part in content.items():
            yield from _named_parts(part, f"{prefix}.{name}" if prefix else str(name))
    else:
        yield prefix, content


def _as_array(tensor: Any) -> np.ndarray:
    # NumPy has no bfloat16.
    if str(tensor.dtype) == "torch.bfloat16":
        tensor = tensor.float()
    return tensor.detach().resolve_conj().resolve_neg().numpy()


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    asked = re.search(r"GLOBAL (\S+)", text)
    if asked:
        return (
            f"which asks for {asked[1]} and not for tensors alone: refused, and nothing of it was "
            "executed. Where you trust its source, load it there and save model.state_dict()"
        )
    return f"which cannot be read: {text[:160] or type(error).__name__}"
