"""The files that embedding and retrieval write, opened to be searched with more pictures."""

from __future__ import annotations

import dataclasses
import os
import pathlib

from simclr_tf.encoders.frozen.options import FrozenOptions
from simclr_tf.encoders.source import EncoderSource, encoder_source
from simclr_tf.protocols.embedding_settings import EmbeddingSettings
from simclr_tf.retrieval import Embeddings, Index, read_embeddings


@dataclasses.dataclass(frozen=True, eq=False)
class OpenedGallery:
    """Embeddings and what more pictures must go through to be compared with them.

    Attributes:
        embeddings: Of the gallery.
        index: Over them; None for an exact search.
        source: Of the encoder that made them.
        settings: How their pictures were prepared.
    """

    embeddings: Embeddings
    index: Index | None
    source: EncoderSource
    settings: EmbeddingSettings


def open_gallery(
    index: str | os.PathLike[str], encoder_dir: str | os.PathLike[str]
) -> OpenedGallery:
    """Opens what embedding or retrieval wrote; imports no TensorFlow.

    Args:
        index: `embeddings.npz` of `embed_pictures`, searched exactly; or `gallery.index` of
            `retrieve`, searched as it was made, with `gallery.npz` beside it.
        encoder_dir: What the embeddings were made with, see `encoder_source`. How its pictures are
            scaled is known from the embeddings.

    Raises:
        ValueError: A file is damaged or missing, or the embeddings were made with another encoder.
        OSError: A file cannot be read.
    """
    gallery, faiss_index = _read(pathlib.Path(index).expanduser())
    settings = _settings(gallery, index)
    source = _source(encoder_dir, gallery, settings)
    if settings.fingerprint(source.fingerprint()) != gallery.encoder:
        raise ValueError(
            "`encoder_dir` must hold the encoder that `index` was made with: embeddings of "
            f"different encoders cannot be compared. Received: encoder_dir={os.fspath(encoder_dir)}"
        )
    return OpenedGallery(gallery, faiss_index, source, settings)


def _read(path: pathlib.Path) -> tuple[Embeddings, Index | None]:
    if not path.is_file():
        raise ValueError(
            "`index` must be a file that embed.py or retrieve.py wrote (embeddings.npz, "
            f"gallery.index). Received: index={os.fspath(path)!r}, which is none"
        )
    if path.suffix == ".npz":
        return read_embeddings(path), None
    index = Index.load(path)
    beside = path.with_suffix(".npz")
    if not beside.is_file():
        raise ValueError(
            f"`index` must have the embeddings that it was made of beside it, {beside.name}. "
            f"Received: index={os.fspath(path)!r}"
        )
    return read_embeddings(beside), index


def _settings(gallery: Embeddings, path: str | os.PathLike[str]) -> EmbeddingSettings:
    """Returns how the pictures were prepared, as their embeddings tell."""
    names = [field.name for field in dataclasses.fields(EmbeddingSettings)]
    missing = [name for name in names if name not in gallery.description]
    if missing:
        raise ValueError(
            f"`index` must tell how its pictures were prepared; {', '.join(missing)} is missing: "
            f"embed them again. Received: index={os.fspath(path)!r}"
        )
    return EmbeddingSettings(**{name: gallery.description[name] for name in names})


def _source(
    encoder_dir: str | os.PathLike[str], gallery: Embeddings, settings: EmbeddingSettings
) -> EncoderSource:
    told = gallery.description.get("encoder", {})
    return encoder_source(
        encoder_dir,
        FrozenOptions(told.get("scaling", "auto"), told.get("output", "")),
        resize_mode=settings.resize_mode,
        float_scaling=told.get("float_scaling", "auto"),
    )
