"""The index of a gallery, made once and opened from then on."""

from __future__ import annotations

import hashlib
import os

import numpy as np

from simclr_tf.retrieval.embedding_file import Embeddings
from simclr_tf.retrieval.index import Index


def gallery_index(
    path: str | os.PathLike[str], gallery: Embeddings, engine: str = "exact"
) -> Index:
    """Returns the index over `gallery.paths`: the saved one, or a new one that is saved.

    The saved one is opened where it holds the same pictures of the same contents and was made
    with the same encoder and engine. Otherwise, or where it is damaged, a new one takes its place.

    Args:
        path: File of the index; its folder must exist.
        gallery: Embeddings, at least one.
        engine: Name of the engine, see `Index`.

    Raises:
        ValueError: An embedding is not finite, or the engine does not suit them.
        OSError: The file cannot be written.
    """
    dimension, contents = gallery.embeddings.shape[1], _contents(gallery)
    try:
        index = Index.load(path)
    except (OSError, ValueError):
        # There is none, or none that can be used.
        index = None
    wanted = (engine, dimension, gallery.encoder, contents)
    if index is not None and wanted == (
        index.engine,
        index.dimension,
        index.encoder,
        index.contents,
    ):
        return index
    index = Index(dimension, engine, gallery.encoder)
    index.add(gallery.paths, gallery.embeddings, encoder=gallery.encoder)
    index.contents = contents
    index.save(path)
    return index


def _contents(gallery: Embeddings) -> str:
    names = "\0".join((str(gallery.embeddings.dtype), gallery.root, *gallery.ids))
    digest = hashlib.sha256(names.encode("utf-8", "surrogateescape"))
    digest.update(np.ascontiguousarray(gallery.sha256).tobytes())
    return digest.hexdigest()
