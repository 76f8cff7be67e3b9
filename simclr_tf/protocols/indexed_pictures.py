"""The picture files behind embeddings, read only where and while they are what was embedded."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import stat

from PIL import Image

from simclr_tf.data.decode import UnreadablePicture, decode_whole
from simclr_tf.retrieval import Embeddings

_REMEMBERED_THUMBNAILS = 4096
_JPEG_QUALITY = 85


class PictureUnavailable(ValueError):  # noqa: N818 (the state of the picture, not a fault)
    """A picture that cannot be shown any more; the text is the reason."""


class IndexedPictures:
    """Reads pictures of an embedded folder, and no other file.

    A picture is read by its row. Its file must lie in the folder, links resolved, and its content
    must have the digest that was kept with the embedding; so neither a link that leads elsewhere
    nor a file put in the place of a picture is ever read out.

    Args:
        gallery: Embeddings of a folder.
        follow_links: Also read files outside the folder that links inside it lead to.

    Raises:
        ValueError: The embeddings are not of a folder, or it is not there.
    """

    def __init__(self, gallery: Embeddings, follow_links: bool = False) -> None:
        if not gallery.root:
            raise ValueError(
                "`index` must be of a folder of pictures: those of a data set cannot be shown. "
                f"Received: embeddings of {gallery.description.get('source', 'a data set')}"
            )
        if not os.path.isdir(gallery.root):
            raise ValueError(
                "`index` must be of a folder that is there; where it was moved, embed it again, "
                f"which costs little. Received: {gallery.root}"
            )
        self.gallery = gallery
        self.follow_links = follow_links
        self._real_root = os.path.realpath(gallery.root)
        self._thumbnail = functools.lru_cache(_REMEMBERED_THUMBNAILS)(self._make_thumbnail)

    def read(self, row: int) -> bytes:
        """Returns the content of a picture's file.

        Args:
            row: Of the picture, from 0 to the number of pictures less 1.

        Raises:
            PictureUnavailable: The file was deleted or changed since it was embedded, or lies
                outside the folder.
        """
        return self._read(row, self._path_and_status(row)[0])

    def thumbnail(self, row: int, longest_side: int) -> bytes:
        """Returns a picture as a small JPEG, from memory where its file has not changed.

        Args:
            row: As in `read`.
            longest_side: Largest width and height in pixels, at least 1.

        Raises:
            PictureUnavailable: As `read`, or the picture cannot be decoded.
        """
        path, status = self._path_and_status(row)
        return self._thumbnail(row, longest_side, path, status.st_size, status.st_mtime_ns)

    def _make_thumbnail(
        self, row: int, longest_side: int, path: str, size: int, mtime_ns: int
    ) -> bytes:
        try:
            pixels = decode_whole(self._read(row, path), longest_side)
        except UnreadablePicture as error:
            raise PictureUnavailable(str(error)) from error
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=_JPEG_QUALITY)
        return file.getvalue()

    def _path_and_status(self, row: int) -> tuple[str, os.stat_result]:
        if not 0 <= row < len(self.gallery):
            raise PictureUnavailable("not in the index")
        root, name = self.gallery.root, self.gallery.ids[row]
        # A damaged or foreign file of embeddings may hold any text as an id.
        if "\0" in name or not _is_below(os.path.normpath(os.path.join(root, name)), root):
            raise PictureUnavailable("outside the indexed folder")
        path = os.path.realpath(os.path.join(root, name))
        if not self.follow_links and not _is_below(path, self._real_root):
            raise PictureUnavailable(
                "a link to a file outside the indexed folder, which `follow_links` would show"
            )
        try:
            status = os.stat(path)
        except OSError as error:
            raise PictureUnavailable("deleted since it was indexed") from error
        if not stat.S_ISREG(status.st_mode):
            raise PictureUnavailable("no longer a file")
        return path, status

    def _read(self, row: int, path: str) -> bytes:
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError as error:
            raise PictureUnavailable(error.strerror or str(error)) from error
        if hashlib.sha256(content).digest() != self.gallery.sha256[row].tobytes():
            raise PictureUnavailable("changed since it was indexed")
        return content


def _is_below(path: str, folder: str) -> bool:
    try:
        return os.path.commonpath([path, os.path.normpath(folder)]) == os.path.normpath(folder)
    except ValueError:
        # Other drives, or a relative path beside an absolute one.
        return False
