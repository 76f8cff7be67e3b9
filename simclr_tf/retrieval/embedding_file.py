"""Embeddings with their ids, labels and origin in one file that is read as a memory map.

The file is an uncompressed `.npz`: `numpy.load` opens it anywhere without this package, and
the array inside lies in one piece that can be mapped where it stands. Parquet would have to
decode pages, and an `.npy` beside a `.json` can be parted from it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import struct
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import numpy as np

from simclr_tf.archives import DAMAGED_FILE_ERRORS, read_arrays
from simclr_tf.checks import check_one_of
from simclr_tf.files import written_beside

DTYPES = ("float32", "float16")
_FORMAT = "simclr_tf embeddings 1"
_ALIGNMENT = 64
_LOCAL_HEADER = struct.Struct("<26xHH")
# An extra field of a ZIP member that only fills space, as zipalign writes it.
_PADDING_FIELD = 0xD935
# The ZIP64 field that zipfile appends to every member written here.
_ZIP64_BYTES = 20


@dataclasses.dataclass(frozen=True, eq=False)
class Embeddings:
    """Embeddings of pictures and what is known of the pictures.

    Attributes:
        embeddings: float32 or float16 `[n, d]`, not normalised; a memory map when read.
        ids: `n` different names: the path below `root` with `/`, or `dataset/split/00012`.
        labels: int32 `[n]`; -1 means no label.
        class_names: label i is `class_names[i]`.
        sha256: Digests of the picture files' contents, uint8 `[n, 32]`.
        encoder: Fingerprint of the encoder and of the way the pictures came to it.
        root: Folder that the ids start from; empty for a data set.
        description: Anything else worth knowing, in types that JSON has.
    """

    embeddings: np.ndarray
    ids: tuple[str, ...]
    labels: np.ndarray
    class_names: tuple[str, ...]
    sha256: np.ndarray
    encoder: str
    root: str = ""
    description: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def paths(self) -> tuple[str, ...]:
        """The pictures' files; the ids for a data set."""
        return tuple(os.path.join(self.root, name) if self.root else name for name in self.ids)


def write_embeddings(
    path: str | os.PathLike[str],
    embeddings: Embeddings,
    blocks: Iterable[np.ndarray] | None = None,
) -> None:
    """Writes embeddings; a half-written file never replaces a good one.

    Args:
        path: File to write, `.npz` by convention.
        embeddings: What to write.
        blocks: The rows of `embeddings.embeddings` block by block, where they are too many to
            be held at once; that array then gives the shape and type only.

    Raises:
        ValueError: Lengths differ, or the type is neither float32 nor float16.
        OSError: The file cannot be written.
    """
    rows = embeddings.embeddings
    check_one_of("embeddings.dtype", str(rows.dtype), DTYPES)
    _check_lengths(embeddings)
    header = {
        "format": _FORMAT,
        "encoder": embeddings.encoder,
        "root": embeddings.root,
        "description": embeddings.description,
    }
    with written_beside(path) as file, zipfile.ZipFile(file, "w") as archive:
        _write_rows(archive, file, rows, [rows] if blocks is None else blocks)
        for name, array in {
            "ids": _texts(embeddings.ids),
            "labels": np.asarray(embeddings.labels, np.int32),
            "class_names": _texts(embeddings.class_names),
            "sha256": np.asarray(embeddings.sha256, np.uint8),
            "header": np.frombuffer(json.dumps(header).encode(), np.uint8),
        }.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def read_embeddings(path: str | os.PathLike[str]) -> Embeddings:
    """Opens a file of `write_embeddings`; the embeddings stay on the disk as a memory map.

    The whole file is read once to compare its checksums, about a second for a gigabyte.

    Raises:
        ValueError: The file is not one of embeddings, is cut off or damaged.
        OSError: The file cannot be read.
    """
    path = pathlib.Path(path)
    try:
        arrays = read_arrays(path, leave_out=("embeddings",))
        header = json.loads(arrays["header"].tobytes())
        if header["format"] != _FORMAT:
            raise ValueError(f"its format is {header['format']!r}")
        embeddings = Embeddings(
            embeddings=_mapped(path),
            ids=_from_texts(arrays["ids"]),
            labels=arrays["labels"],
            class_names=_from_texts(arrays["class_names"]),
            sha256=arrays["sha256"],
            encoder=header["encoder"],
            root=header["root"],
            description=header["description"],
        )
    except DAMAGED_FILE_ERRORS as error:
        raise ValueError(
            f"{os.fspath(path)!r} must be a file of embeddings that is whole. Received: "
            f"{' '.join(str(error).split())}"
        ) from error
    _check_lengths(embeddings)
    return embeddings


def _check_lengths(embeddings: Embeddings) -> None:
    shape = embeddings.embeddings.shape
    lengths = (shape[0], len(embeddings), len(embeddings.labels), len(embeddings.sha256))
    if len(shape) != 2 or len(set(lengths)) != 1:
        raise ValueError(
            "`embeddings`, `ids`, `labels` and `sha256` must have one row per picture. "
            f"Received: embeddings.shape={shape}, lengths={lengths}"
        )


def _write_rows(
    archive: zipfile.ZipFile, file: BinaryIO, like: np.ndarray, blocks: Iterable[np.ndarray]
) -> None:
    """Writes the member `embeddings.npy` so that its array begins at a multiple of 64 bytes."""
    member_info = zipfile.ZipInfo("embeddings.npy")
    unpadded = file.tell() + 30 + len(member_info.filename) + 4 + _ZIP64_BYTES
    padding = -unpadded % _ALIGNMENT
    member_info.extra = struct.pack("<HH", _PADDING_FIELD, padding) + bytes(padding)
    written = 0
    with archive.open(member_info, "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(
            member,
            {"descr": like.dtype.str, "fortran_order": False, "shape": like.shape},
        )
        for block in blocks:
            member.write(np.ascontiguousarray(block, like.dtype).tobytes())
            written += len(block)
    if written != len(like):
        raise ValueError(f"`blocks` must hold {len(like)} rows. Received: {written} rows")


def _mapped(path: pathlib.Path) -> np.ndarray:
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("embeddings.npy")
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError("its embeddings are compressed")
    with open(path, "rb") as file:
        file.seek(info.header_offset)
        name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        file.seek(name_length + extra_length, os.SEEK_CUR)
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("its embeddings are of another version of NumPy's format")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        offset = file.tell()
    if len(shape) != 2 or str(dtype) not in DTYPES:
        raise ValueError(f"its embeddings are {dtype} of shape {shape}")
    if not np.prod(shape):
        return np.empty(shape, dtype)
    return np.memmap(path, dtype, "r", offset, shape)


def _texts(names: Sequence[str]) -> np.ndarray:
    # UTF-8 bytes: NumPy's own texts take four bytes a letter.
    return np.array([name.encode("utf-8", "surrogateescape") for name in names], np.bytes_)


def _from_texts(array: np.ndarray) -> tuple[str, ...]:
    return tuple(name.decode("utf-8", "surrogateescape") for name in array.tolist())
