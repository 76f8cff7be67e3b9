"""Embeddings by the content of their pictures: what an old file and a stopped run have left."""

from __future__ import annotations

import pathlib
import shutil

import numpy as np

from simclr_tf.archives import DAMAGED_FILE_ERRORS, read_arrays
from simclr_tf.files import read_json, write_json, written_beside


def as_stored(embeddings: np.ndarray, dtype: str) -> np.ndarray:
    """Returns embeddings `[n, d]` in the type of their file.

    Raises:
        ValueError: It makes a value infinite or a whole embedding zero.
    """
    with np.errstate(over="ignore"):
        stored = embeddings.astype(dtype)
    vanished = embeddings.any(axis=1) & ~stored.any(axis=1)
    bad = int(np.sum(vanished | ~np.isfinite(stored).all(axis=1)))
    if bad:
        raise ValueError(
            f"`dtype` must hold the encoder's features. Received: dtype={dtype!r}, in which those "
            f"of {bad} pictures are infinite or all 0"
        )
    return stored


class EmbeddingStore:
    """Finds embeddings by SHA-256, and keeps new ones in numbered parts until all are there.

    Args:
        folder: Of the parts; those that another encoder has left are deleted.
        fingerprint: What the embeddings must share.
        dtype: `"float32"` or `"float16"`.
    """

    def __init__(self, folder: pathlib.Path, fingerprint: str, dtype: str) -> None:
        self.folder = folder
        self.dtype = dtype
        self._origin = {"encoder": fingerprint, "dtype": dtype}
        self._sources: list[np.ndarray] = []
        self._place: dict[bytes, tuple[int, int]] = {}
        if self._is_mine():
            for path in sorted(folder.glob("part_*.npz")):
                self._read_part(path)
        else:
            self.delete()

    @property
    def dimension(self) -> int:
        """Length of the embeddings; 0 before there are any."""
        return self._sources[0].shape[1] if self._sources else 0

    def add_source(self, digests: np.ndarray, embeddings: np.ndarray) -> None:
        """Takes embeddings `[n, d]` of the contents uint8 `[n, 32]`, which stay where they are."""
        source = len(self._sources)
        self._sources.append(embeddings)
        for row, digest in enumerate(digests):
            self._place.setdefault(digest.tobytes(), (source, row))

    def add_part(self, digests: np.ndarray, embeddings: np.ndarray) -> None:
        """Writes embeddings to the disk, so that a stopped run goes on after them.

        Raises:
            ValueError: The type of the file makes a value infinite or a whole embedding zero.
        """
        stored = as_stored(embeddings, self.dtype)
        self.folder.mkdir(exist_ok=True)
        if not self._is_mine():
            write_json(self.folder / "origin.json", self._origin)
        parts = sorted(self.folder.glob("part_*.npz"))
        number = int(parts[-1].stem.removeprefix("part_")) + 1 if parts else 0
        with written_beside(self.folder / f"part_{number:06d}.npz") as file:
            np.savez(file, digests=digests, embeddings=stored)
        self.add_source(digests, stored)

    def missing(self, digests: np.ndarray) -> np.ndarray:
        """Returns the first row of each content uint8 `[n, 32]` that is not here, rising."""
        first: dict[bytes, int] = {}
        for row, digest in enumerate(digests):
            key = digest.tobytes()
            if key not in self._place:
                first.setdefault(key, row)
        return np.array(list(first.values()), np.int64)

    def rows(self, digests: np.ndarray) -> np.ndarray:
        """Returns the embeddings `[n, d]` of these contents."""
        found = np.empty((len(digests), self.dimension), self.dtype)
        for row, digest in enumerate(digests):
            source, place = self._place[digest.tobytes()]
            found[row] = self._sources[source][place]
        return found

    def delete(self) -> None:
        """Deletes the parts."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_mine(self) -> bool:
        try:
            return read_json(self.folder / "origin.json") == self._origin
        except (OSError, ValueError):
            return False

    def _read_part(self, path: pathlib.Path) -> None:
        try:
            arrays = read_arrays(path)
            digests, embeddings = arrays["digests"], arrays["embeddings"]
        except (OSError, *DAMAGED_FILE_ERRORS):
            # A damaged part costs its pictures once more and nothing else.
            path.unlink(missing_ok=True)
            return
        self.add_source(digests, embeddings)
