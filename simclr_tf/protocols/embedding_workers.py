"""One embedding by several workers: what the chief decides, and what the others do for it."""

from __future__ import annotations

import os

import numpy as np

from simclr_tf.data import PictureIndex
from simclr_tf.distribution.workers import (
    WorkerPlace,
    check_workers_agree,
    join_rows,
    worker_place,
)
from simclr_tf.encoders.source import EncoderSource, encoder_source
from simclr_tf.protocols.embedding_settings import EmbeddingSettings


def assist_embedding(
    index: PictureIndex,
    encoder: str | os.PathLike[str] | EncoderSource,
    settings: EmbeddingSettings | None = None,
) -> None:
    """Does a worker's part of the `embed_pictures` that the chief calls; writes nothing.

    Args:
        index: The pictures, the same as the chief's; their folder may lie elsewhere.
        encoder: See `embed_pictures`.
        settings: See `embed_pictures`.

    Raises:
        ValueError: The pictures or the encoder differ from the chief's, or an encoder's features
            are not finite.
    """
    from simclr_tf.protocols.embedding_job import embed_missing

    settings = settings or EmbeddingSettings()
    source = encoder if isinstance(encoder, EncoderSource) else encoder_source(encoder)
    digests = index.digests()
    everything = np.arange(len(index.ids))
    missing = missing_of_chief(everything, index, settings.fingerprint(source.fingerprint()))
    if len(missing):
        embed_missing(index, missing, digests, None, source, settings)


def missing_of_chief(missing: np.ndarray, index: PictureIndex, fingerprint: str) -> np.ndarray:
    """Returns, on all workers, the rows that the chief is to embed; `missing` where it is alone.

    Args:
        missing: Rows of `index` int64 `[m]`, rising; only the chief's matter.
        index: The pictures, which must be the same.
        fingerprint: Of encoder and preparation, which must be the same.

    Raises:
        ValueError: They differ.
    """
    if worker_place() == WorkerPlace():
        return missing
    check_workers_agree("data_dir", index.fingerprint(0, ""))
    check_workers_agree("encoder_dir", fingerprint)
    wanted = np.zeros(len(index.ids), np.uint8)
    wanted[missing] = 1
    # The first of them is the chief.
    bits = join_rows(np.packbits(wanted)[None].astype(np.int64))[0]
    return np.flatnonzero(np.unpackbits(bits.astype(np.uint8), count=len(wanted)))
