"""A folder or data set to a file of embeddings, without doing anything twice."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from simclr_tf.data import PictureIndex, SkippedPicture
from simclr_tf.encoders.source import EncoderSource, encoder_source
from simclr_tf.files import write_csv
from simclr_tf.protocols.embedding_settings import EmbeddingSettings
from simclr_tf.protocols.embedding_store import EmbeddingStore
from simclr_tf.retrieval import Embeddings, read_embeddings, write_embeddings

_ROWS_AT_ONCE = 8192
SKIPPED = "skipped.csv"


@dataclasses.dataclass(frozen=True, eq=False)
class EmbeddingReport:
    """What `embed_pictures` did.

    Attributes:
        embeddings: What the file holds, as a memory map.
        num_new: Pictures that went through the encoder now.
        num_kept: Pictures whose embedding was there already.
        num_gone: Pictures of the old file that are not in the new one.
        skipped: Pictures that cannot be read.
    """

    embeddings: Embeddings
    num_new: int
    num_kept: int
    num_gone: int
    skipped: tuple[SkippedPicture, ...]


def embed_pictures(
    index: PictureIndex,
    encoder: str | os.PathLike[str] | EncoderSource,
    output: str | os.PathLike[str],
    settings: EmbeddingSettings | None = None,
    *,
    root: str = "",
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
    assisted: bool = False,
) -> EmbeddingReport:
    """Writes the embeddings of every readable picture of `index` to one file.

    Pictures whose content is in the old file of that name, or in what a stopped run left beside
    it, are not embedded again; so only new and changed pictures are, and TensorFlow is imported
    only when there are some. In the scope of a strategy its replicas share the work. The pictures
    that cannot be read are listed in a table beside the file, `embeddings_skipped.csv` for
    `embeddings.npz`, and tried again the next time.

    Args:
        index: The pictures, see `index_pictures`.
        encoder: Its source, or a path that `encoder_source` takes.
        output: File to write, `.npz`; its folder is made where it does not exist.
        settings: How.
        root: Folder that the ids of `index` start from.
        overwrite: Replace a file of another encoder or other settings.
        progress: Called with (pictures done, all pictures).
        assisted: This is the chief of several workers; the others call `assist_embedding`.

    Returns:
        What was done, with the embeddings.

    Raises:
        ValueError: There is no encoder, no readable picture, or the old file has another
            encoder and `overwrite` is not set, or an embedding does not fit the dtype.
        OSError: The file cannot be written.
    """
    settings = settings or EmbeddingSettings()
    output = pathlib.Path(output)
    source = encoder if isinstance(encoder, EncoderSource) else encoder_source(encoder)
    fingerprint = settings.fingerprint(source.fingerprint())
    old = _old(output, fingerprint, settings.dtype, overwrite)
    output.parent.mkdir(parents=True, exist_ok=True)
    store = EmbeddingStore(output.with_name(f".{output.name}.parts"), fingerprint, settings.dtype)
    if old is not None and old.encoder == fingerprint:
        store.add_source(old.sha256, old.embeddings)
    digests = index.digests()
    missing = store.missing(digests)
    if assisted:
        from simclr_tf.protocols.embedding_workers import missing_of_chief

        missing = missing_of_chief(missing, index, fingerprint)
    unreadable: dict[bytes, str] = {}
    if len(missing):
        from simclr_tf.protocols.embedding_job import embed_missing

        unreadable = embed_missing(index, missing, digests, store, source, settings, progress)
    rows = np.array([r for r, d in enumerate(digests) if d.tobytes() not in unreadable], np.int64)
    skipped = _skipped(index, digests, unreadable)
    if not len(rows):
        first = f"the first is {skipped[0].path} ({skipped[0].reason})" if skipped else "none"
        raise ValueError(f"No picture of {index.place} can be read: {first}.")
    description = {
        "source": index.name,
        **dataclasses.asdict(settings),
        "encoder": source.description(),
    }
    _write(index, rows, digests, store, output, root, fingerprint, settings.dtype, description)
    write_csv(
        output.with_name(f"{output.stem}_{SKIPPED}"),
        [dataclasses.asdict(picture) for picture in skipped],
        columns=("path", "reason"),
    )
    store.delete()
    embedded = len(missing) - len(unreadable)
    kept = {index.ids[row] for row in rows}
    return EmbeddingReport(
        embeddings=read_embeddings(output),
        num_new=embedded,
        num_kept=len(rows) - embedded,
        num_gone=0 if old is None else sum(name not in kept for name in old.ids),
        skipped=skipped,
    )


def _old(output: pathlib.Path, fingerprint: str, dtype: str, overwrite: bool) -> Embeddings | None:
    if not output.exists():
        return None
    try:
        old = read_embeddings(output)
    except ValueError:
        if overwrite:
            return None
        raise
    same = old.encoder == fingerprint and str(old.embeddings.dtype) == dtype
    if same or overwrite:
        return old if same else None
    raise ValueError(
        f"{os.fspath(output)} holds embeddings of another encoder, picture size, way of resizing "
        "or type. Give another `output_dir`, or `overwrite` to embed all pictures again."
    )


def _write(
    index: PictureIndex,
    rows: np.ndarray,
    digests: np.ndarray,
    store: EmbeddingStore,
    output: pathlib.Path,
    root: str,
    fingerprint: str,
    dtype: str,
    description: dict[str, Any],
) -> None:
    # The shape without the memory: the rows come block by block.
    like = np.broadcast_to(np.zeros((), dtype), (len(rows), store.dimension))
    blocks = (
        store.rows(digests[rows[start : start + _ROWS_AT_ONCE]])
        for start in range(0, len(rows), _ROWS_AT_ONCE)
    )
    embeddings = Embeddings(
        embeddings=like,
        ids=tuple(index.ids[row] for row in rows),
        labels=np.asarray(index.labels)[rows],
        class_names=index.class_names,
        sha256=digests[rows],
        encoder=fingerprint,
        root=root,
        description=description,
    )
    write_embeddings(output, embeddings, blocks)


def _skipped(
    index: PictureIndex, digests: np.ndarray, unreadable: dict[bytes, str]
) -> tuple[SkippedPicture, ...]:
    found = [
        SkippedPicture(name, unreadable[digest.tobytes()])
        for name, digest in zip(index.ids, digests, strict=True)
        if digest.tobytes() in unreadable
    ]
    return tuple(sorted((*index.skipped, *found), key=lambda picture: picture.path))
