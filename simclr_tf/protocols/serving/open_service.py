"""A picture service from the files of an encoder and of a gallery."""

from __future__ import annotations

import os

from simclr_tf.encoders.source import EncoderSource, encoder_source
from simclr_tf.protocols.embedding_settings import EmbeddingSettings
from simclr_tf.protocols.gallery_files import open_gallery
from simclr_tf.protocols.picture_encoder import PictureEncoder
from simclr_tf.protocols.serving.picture_service import PictureService
from simclr_tf.protocols.serving.serving_settings import ServingSettings
from simclr_tf.protocols.upload_limits import UploadLimits
from simclr_tf.retrieval import GallerySearch


def open_picture_service(
    encoder_dir: str | os.PathLike[str],
    index: str | os.PathLike[str] | None = None,
    *,
    image_size: int | None = None,
    limits: UploadLimits | None = None,
    settings: ServingSettings | None = None,
) -> PictureService:
    """Opens an encoder, and with an index what it searches in.

    TensorFlow is imported and the encoder loaded by `warm_up`.

    Args:
        encoder_dir: See `encoder_source`.
        index: See `open_gallery`; it tells how pictures are prepared. Without it they are cut to
            the square in their middle.
        image_size: Side of the prepared pictures in pixels where there is no index; the
            encoder's own by default.
        limits: What is accepted of pictures.
        settings: How requests share the encoder.

    Raises:
        ValueError: There is no encoder, or it takes pictures of another size; `image_size` is
            given with an index; or the index cannot be opened, see `open_gallery`.
        OSError: A file cannot be read.
    """
    settings = settings or ServingSettings()
    gallery = None
    if index is None:
        source = encoder_source(encoder_dir)
        preparation = EmbeddingSettings(_image_size(source, image_size))
    elif image_size is not None:
        raise ValueError(
            "`image_size` is told by `index`, and may only be given without one. "
            f"Received: image_size={image_size!r}, index={os.fspath(index)!r}"
        )
    else:
        opened = open_gallery(index, encoder_dir)
        source, preparation = opened.source, opened.settings
        gallery = GallerySearch(opened.embeddings, opened.index)
    return PictureService(
        PictureEncoder(source, preparation, settings.max_batch),
        preparation.fingerprint(source.fingerprint()),
        preparation,
        gallery=gallery,
        limits=limits,
        settings=settings,
    )


def _image_size(source: EncoderSource, wanted: int | None) -> int:
    only = source.image_size()
    if only is not None and wanted not in (None, only):
        raise ValueError(
            f"`image_size` must be {only}, the size of the pictures that the encoder takes. "
            f"Received: image_size={wanted}"
        )
    size = only or wanted
    return source.default_image_size if size is None else size
