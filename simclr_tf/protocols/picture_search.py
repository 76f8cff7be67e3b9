"""From a picture to its neighbours in an embedded folder: what a search page shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from simclr_tf.data.decode import decode_content, decode_whole
from simclr_tf.data.region import Region
from simclr_tf.protocols.embedding_settings import EmbeddingSettings
from simclr_tf.protocols.indexed_pictures import IndexedPictures, PictureUnavailable
from simclr_tf.protocols.upload_check import check_upload
from simclr_tf.protocols.upload_limits import UploadLimits
from simclr_tf.retrieval import Embeddings, FoundPicture, GallerySearch, Index

_PARALLEL_THUMBNAILS = 4


@dataclasses.dataclass(frozen=True, eq=False)
class PictureQuery:
    """A picture to search with: the content of a file, or a row of the gallery.

    Attributes:
        name: What to call it.
        content: Bytes of the file; empty for a row.
        row: Row in the gallery, or None.
    """

    name: str
    content: bytes = b""
    row: int | None = None


@dataclasses.dataclass(frozen=True)
class ShownPicture:
    """A found picture with what can be shown of it.

    Attributes:
        found: What was found.
        thumbnail: A small JPEG; empty where there is none.
        trouble: Why there is none; empty otherwise.
    """

    found: FoundPicture
    thumbnail: bytes
    trouble: str


class PictureSearch:
    """Searches an embedded folder with pictures that come as files or are in it already.

    Args:
        gallery: Embeddings of the folder.
        encode: From pictures uint8 `[1, size, size, 3]` to embeddings float `[1, d]`, prepared as
            those of the gallery were.
        settings: How the gallery's pictures were prepared.
        index: An index over the gallery; an exact one is made without it.
        limits: What is accepted of uploaded pictures.
        follow_links: See `IndexedPictures`.

    Raises:
        ValueError: The gallery is empty, not of a folder that is there, or does not fit the index.
    """

    def __init__(
        self,
        gallery: Embeddings,
        encode: Callable[[np.ndarray], np.ndarray],
        settings: EmbeddingSettings,
        *,
        index: Index | None = None,
        limits: UploadLimits | None = None,
        follow_links: bool = False,
    ) -> None:
        self.pictures = IndexedPictures(gallery, follow_links)
        self.settings = settings
        self.limits = limits or UploadLimits()
        self._search = GallerySearch(gallery, index)
        self._encode = encode
        self._pool = ThreadPoolExecutor(_PARALLEL_THUMBNAILS)

    def __len__(self) -> int:
        return len(self.pictures.gallery)

    def warm_up(self) -> None:
        """Encodes a blank picture, so that no search waits for the encoder to be made ready.

        Raises:
            ValueError: The encoder cannot be loaded, or its embeddings are not as long as the
                gallery's.
        """
        size = self.settings.decoded_size
        embedding = self._encode(np.zeros((1, size, size, 3), np.uint8))
        dimension = self.pictures.gallery.embeddings.shape[1]
        if embedding.shape != (1, dimension):
            raise ValueError(
                f"`encode` must give embeddings of {dimension} numbers, as the gallery's are. "
                f"Received: shape {embedding.shape} for one picture"
            )

    @property
    def class_counts(self) -> dict[str, int]:
        """Pictures by class."""
        return self._search.class_counts

    def query_from_upload(self, content: bytes, name: str) -> PictureQuery:
        """Returns a query with the content of an uploaded file, which is not decoded yet.

        Raises:
            UnreadablePicture: It is not a picture, or larger than the limits.
        """
        check_upload(content, self.limits)
        return PictureQuery(name, content)

    def query_from_row(self, row: int) -> PictureQuery:
        """Returns a query with a picture of the gallery.

        Raises:
            ValueError: There is no such row.
        """
        if not 0 <= row < len(self):
            raise ValueError(f"`row` must be between 0 and {len(self) - 1}. Received: row={row!r}")
        return PictureQuery(self.pictures.gallery.ids[row], row=int(row))

    def preview(self, query: PictureQuery, longest_side: int) -> np.ndarray:
        """Returns a query's whole picture, uint8 `[height, width, 3]`, to be looked at.

        Raises:
            UnreadablePicture: It cannot be decoded.
            PictureUnavailable: It is no longer in the gallery's folder.
        """
        return decode_whole(self._content(query), longest_side)

    def search(
        self,
        query: PictureQuery,
        k: int,
        *,
        region: Region | None = None,
        class_names: Collection[str] = (),
    ) -> list[FoundPicture]:
        """Finds the gallery's pictures that are most similar to a query, or to a part of it.

        A query of the gallery does not find itself, and needs no file where it is searched with as
        a whole.

        Args:
            query: See `query_from_upload` and `query_from_row`.
            k: How many to find, at least 1; all there are where they are fewer.
            region: The part of the query to search with; all of it by default.
            class_names: Only pictures of these classes are found; of every class when empty.

        Returns:
            At most `k` pictures, the most similar first.

        Raises:
            UnreadablePicture: The query cannot be decoded.
            PictureUnavailable: It is no longer in the gallery's folder.
            ValueError: Another argument is not accepted.
        """
        if query.row is not None and region is None:
            embedding = self.pictures.gallery.embeddings[query.row]
        else:
            picture = decode_content(
                self._content(query), self.settings.decoded_size, self.settings.resize_mode, region
            )
            embedding = self._encode(picture[None])[0]
        return self._search.search(embedding, k, class_names=class_names, exclude=query.row)

    def shown(self, found: Collection[FoundPicture], longest_side: int) -> list[ShownPicture]:
        """Returns found pictures with their thumbnails, or with the reason why there is none.

        Args:
            found: What was found.
            longest_side: Largest width and height of the thumbnails in pixels.
        """

        def show(picture: FoundPicture) -> ShownPicture:
            try:
                return ShownPicture(picture, self.pictures.thumbnail(picture.row, longest_side), "")
            except PictureUnavailable as error:
                return ShownPicture(picture, b"", str(error))

        return list(self._pool.map(show, found))

    def _content(self, query: PictureQuery) -> bytes:
        return query.content if query.row is None else self.pictures.read(query.row)
