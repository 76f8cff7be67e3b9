"""The part of embedding that needs TensorFlow: decode ahead, encode, keep."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from simclr_tf.data import PictureIndex
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
    store: EmbeddingStore,
    source: EncoderSource,
    settings: EmbeddingSettings,
    progress: Callable[[int, int], None] | None = None,
) -> dict[bytes, str]:
    """Puts the embeddings of the pictures `missing` into `store`, whatever stops it.

    Args:
        index: The pictures.
        missing: Rows of `index` int64 `[m]`, rising.
        digests: Contents of all pictures, uint8 `[n, 32]`.
        store: Where the embeddings go, part by part.
        source: Of the encoder.
        settings: How.
        progress: Called with (pictures done, all pictures).

    Returns:
        Why a picture cannot be read, by its content.

    Raises:
        ValueError: The encoder takes pictures of another size, or a feature is not finite.
    """
    embed = PictureEmbedder(source.load(), settings)
    unreadable: dict[bytes, str] = {}
    images: list[np.ndarray] = []
    image_rows: list[int] = []
    features: list[np.ndarray] = []
    feature_rows: list[int] = []

    def encode() -> None:
        features.append(embed(np.stack(images)))
        feature_rows.extend(image_rows)
        images.clear()
        image_rows.clear()

    def keep() -> None:
        if features:
            store.add_part(digests[feature_rows], np.concatenate(features))
            features.clear()
            feature_rows.clear()

    last_part = time.monotonic()
    ids = [index.ids[row] for row in missing]
    try:
        for done, picture in enumerate(
            index.decode(ids, settings.decoded_size, settings.resize_mode)
        ):
            row = int(missing[done])
            if isinstance(picture, str):
                unreadable[digests[row].tobytes()] = picture
            else:
                images.append(picture)
                image_rows.append(row)
            if len(images) == settings.batch_size:
                encode()
                if time.monotonic() - last_part > _SECONDS_PER_PART:
                    keep()
                    last_part = time.monotonic()
                if progress is not None:
                    progress(done + 1, len(missing))
        if images:
            encode()
    finally:
        keep()
    if progress is not None:
        progress(len(missing), len(missing))
    return unreadable
