"""Open a picture search from the files that embedding and retrieval write."""

from __future__ import annotations

import os

from simclr_tf.protocols.gallery_files import open_gallery
from simclr_tf.protocols.picture_encoder import PictureEncoder
from simclr_tf.protocols.picture_search import PictureSearch
from simclr_tf.protocols.upload_limits import UploadLimits


def open_picture_search(
    index: str | os.PathLike[str],
    encoder_dir: str | os.PathLike[str],
    *,
    limits: UploadLimits | None = None,
    follow_links: bool = False,
) -> PictureSearch:
    """Opens what embedding or retrieval wrote, to be searched with pictures.

    TensorFlow is imported and the encoder loaded by the first search, or by `warm_up`.

    Args:
        index: See `open_gallery`.
        encoder_dir: See `open_gallery`.
        limits: What is accepted of uploaded pictures.
        follow_links: See `IndexedPictures`.

    Raises:
        ValueError: A file is damaged or missing, the embeddings are not of a folder that is there,
            or were made with another encoder.
        OSError: A file cannot be read.
    """
    opened = open_gallery(index, encoder_dir)
    return PictureSearch(
        opened.embeddings,
        PictureEncoder(opened.source, opened.settings),
        opened.settings,
        index=opened.index,
        limits=limits,
        follow_links=follow_links,
    )
