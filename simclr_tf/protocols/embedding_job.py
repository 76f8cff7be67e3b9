"""The part of embedding that needs TensorFlow: decode ahead, encode, keep."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from simclr_tf.data import PictureIndex
from simclr_tf.data.decode_many import Decoded
from simclr_tf.distribution.workers import join_rows, largest_of_workers, worker_place
from simclr_tf.encoders.source import EncoderSource
from simclr_tf.protocols.embedding_settings import EmbeddingSettings
from simclr_tf.protocols.embedding_store import EmbeddingStore
from simclr_tf.protocols.picture_embedder import PictureEmbedder

# What a stop may cost.
_SECONDS_PER_PART = 30.0


def embed_missing(
    index: PictureIndex,
    missing: np.ndarray,
    digests: np.ndarray,
    store: EmbeddingStore | None,
    source: EncoderSource,
    settings: EmbeddingSettings,
    progress: Callable[[int, int], None] | None = None,
) -> dict[bytes, str]:
    """Puts the embeddings of the pictures `missing` into `store`, whatever stops it.

    In the scope of a strategy its replicas share each batch. Several workers must call this
    alike: each decodes and embeds its part of a batch, and all get the embeddings of all.

    Args:
        index: The pictures.
        missing: Rows of `index` int64 `[m]`, rising.
        digests: Contents of all pictures, uint8 `[n, 32]`.
        store: Where the embeddings go, part by part; `None` on a worker that keeps nothing.
        source: Of the encoder.
        settings: How.
        progress: Called with (pictures done, all pictures).

    Returns:
        Why a picture cannot be read, by its content.

    Raises:
        ValueError: The encoder takes pictures of another size, or a feature is not finite.
    """
    unreadable: dict[bytes, str] = {}
    unexplained: list[int] = []
    features: list[np.ndarray] = []
    feature_rows: list[int] = []

    def keep() -> None:
        if features and store is not None:
            store.add_part(digests[feature_rows], np.concatenate(features))
        features.clear()
        feature_rows.clear()

    last_part = time.monotonic()
    done = 0
    try:
        for batch in _batches(index, missing, source, settings):
            unreadable |= {digests[row].tobytes(): why for row, why in batch.reasons.items()}
            unexplained += [row for row in batch.rows[~batch.readable] if row not in batch.reasons]
            if batch.readable.any():
                features.append(batch.embeddings[batch.readable])
                feature_rows.extend(batch.rows[batch.readable])
            if time.monotonic() - last_part > _SECONDS_PER_PART:
                keep()
                last_part = time.monotonic()
            done += len(batch.rows)
            if progress is not None:
                progress(done, len(missing))
    finally:
        keep()
    if store is not None:
        for row, reason in _explained(index, unexplained, settings):
            unreadable[digests[row].tobytes()] = reason
    return unreadable


class _Batch(NamedTuple):
    rows: np.ndarray
    # Of those that this worker has tried.
    reasons: dict[int, str]
    readable: np.ndarray
    embeddings: np.ndarray


def _batches(
    index: PictureIndex, missing: np.ndarray, source: EncoderSource, settings: EmbeddingSettings
) -> Iterator[_Batch]:
    place = worker_place()
    size = settings.batch_size
    batches = [missing[start : start + size] for start in range(0, len(missing), size)]
    shares = [place.own(batch) for batch in batches]
    names = [index.ids[row] for share in shares for row in share]
    decoded = _begun(index.decode(names, settings.decoded_size, settings.resize_mode))
    # While the first pictures are decoded.
    embed = PictureEmbedder(source.load(), settings)
    for batch, share in zip(batches, shares, strict=True):
        pictures = list(itertools.islice(decoded, len(share)))
        found = dict(zip(share.tolist(), pictures, strict=True))
        reasons = {row: picture for row, picture in found.items() if isinstance(picture, str)}
        most = -(-len(batch) // place.count)
        embeddings, readable = _joined(*embed.readable(pictures, most))
        yield _Batch(batch, reasons, readable[: len(batch)], embeddings[: len(batch)])


def _begun(decoded: Iterable[Decoded]) -> Iterator[Decoded]:
    """Returns what `decoded` gives, whose threads are at work already."""
    pictures = iter(decoded)
    first = list(itertools.islice(pictures, 1))
    return itertools.chain(first, pictures)


def _joined(embeddings: np.ndarray, readable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns those of all workers, of whom one may have read nothing."""
    if worker_place().count == 1:
        return embeddings, readable
    dimension = largest_of_workers(embeddings.shape[1])
    rows = np.zeros((len(readable), dimension + 1), np.float32)
    rows[:, : embeddings.shape[1]] = embeddings
    rows[:, -1] = readable
    joined = join_rows(rows)
    return joined[:, :-1], joined[:, -1] > 0


def _explained(
    index: PictureIndex, rows: Sequence[int], settings: EmbeddingSettings
) -> Iterator[tuple[int, str]]:
    """Yields why pictures that other workers have tried cannot be read."""
    names = [index.ids[row] for row in rows]
    decoded = index.decode(names, settings.decoded_size, settings.resize_mode) if rows else ()
    for row, picture in zip(rows, decoded, strict=True):
        yield row, picture if isinstance(picture, str) else "another worker could not read it"
