"""Pictures of many clients embedded and searched with, within limits of number, size and time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import Awaitable, Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from simclr_tf.checks import check_between
from simclr_tf.data.decode import decode_content
from simclr_tf.data.region import Region, check_region
from simclr_tf.protocols.embedding_settings import EmbeddingSettings
from simclr_tf.protocols.serving.dynamic_batcher import DynamicBatcher, batch_sizes
from simclr_tf.protocols.serving.refusals import EmbeddingFailed, Overloaded, TookTooLong
from simclr_tf.protocols.serving.serving_settings import ServingSettings
from simclr_tf.protocols.upload_check import check_upload
from simclr_tf.protocols.upload_limits import UploadLimits
from simclr_tf.retrieval import FoundPicture, GallerySearch
from simclr_tf.similarity import l2_normalize

Answer = TypeVar("Answer")


class PictureService:
    """Answers requests of one event loop; decoding, encoding and searching run in threads.

    Args:
        encode: From pictures uint8 `[n, size, size, 3]` to embeddings float `[n, d]`; only ever
            called by one thread at a time.
        encoder: Fingerprint of the encoder and of the way the pictures come to it.
        preparation: How the pictures come to it.
        gallery: What is searched; None where nothing is.
        limits: What is accepted of pictures.
        settings: How requests share the encoder.

    Attributes:
        dimension: Length d of the embeddings; 0 before `warm_up`.

    Raises:
        ValueError: The gallery was embedded by another encoder.
    """

    def __init__(
        self,
        encode: Callable[[np.ndarray], np.ndarray],
        encoder: str,
        preparation: EmbeddingSettings,
        *,
        gallery: GallerySearch | None = None,
        limits: UploadLimits | None = None,
        settings: ServingSettings | None = None,
    ) -> None:
        if gallery is not None and gallery.gallery.encoder != encoder:
            raise ValueError(
                "`gallery` must be embedded by the encoder that is served. "
                f"Received: the gallery of {gallery.gallery.encoder!r} for {encoder!r}"
            )
        self.encoder = encoder
        self.preparation = preparation
        self.gallery = gallery
        self.limits = limits or UploadLimits()
        self.settings = settings or ServingSettings()
        self.dimension = 0
        self._encode = encode
        self._in_hand = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(
            self.settings.decode_threads, thread_name_prefix="decode_picture"
        )
        self.batches = DynamicBatcher(
            encode, self.settings.max_batch, self.settings.max_wait_ms / 1000
        )

    def __enter__(self) -> PictureService:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def in_hand(self) -> int:
        """Requests that are being answered."""
        return self._in_hand

    def warm_up(self) -> None:
        """Encodes a batch of every size, so that no request waits for what is done only once.

        Raises:
            ValueError: The encoder cannot be loaded, gives something else than one row a picture,
                or embeddings of another length than the gallery's.
        """
        size = self.preparation.decoded_size
        noise = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
        for count in batch_sizes(self.settings.max_batch):
            rows = self._encode(np.stack([noise] * count))
            if rows.ndim != 2 or len(rows) != count:
                raise ValueError(
                    "`encode` must give one embedding [d] a picture. "
                    f"Received: shape {rows.shape} for {count} pictures"
                )
        self.dimension = rows.shape[1]
        wanted = self.dimension
        if self.gallery is not None:
            wanted = self.gallery.gallery.embeddings.shape[1]
        if self.dimension != wanted:
            raise ValueError(
                f"`encode` must give embeddings of {wanted} numbers, as the gallery's are. "
                f"Received: {self.dimension} numbers"
            )

    def close(self) -> None:
        """Ends the threads once they have done what they are at."""
        self._pool.shutdown(cancel_futures=True)
        self.batches.close()

    async def answer(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Does the work of one request, which takes one of the places and has the time limit.

        Args:
            work: Called once there is a place; given up when its time is over.

        Returns:
            What `work` returns.

        Raises:
            Overloaded: There is no place.
            TookTooLong: Its time is over.
        """
        with self._place():
            try:
                return await asyncio.wait_for(work(), self.settings.max_seconds)
            except asyncio.TimeoutError as error:
                raise TookTooLong(
                    f"The request took longer than {self.settings.max_seconds:g} seconds."
                ) from error

    async def embed(self, content: bytes, region: Region | None = None) -> np.ndarray:
        """Embeds the picture in the bytes of a file, together with others that come meanwhile.

        Args:
            content: The bytes.
            region: The part of it to embed; all of it by default.

        Returns:
            A unit vector, float32 `[d]`.

        Raises:
            ValueError: `region` is none.
            PictureTooLarge: The picture is beyond the limits.
            UnreadablePicture: It cannot be decoded.
            EmbeddingFailed: The encoder fails at it.
        """
        if region is not None:
            check_region(region)
        picture = await self._in_thread(self._decode, content, region)
        try:
            row = await asyncio.wrap_future(self.batches.submit(picture))
        except (ValueError, RuntimeError) as error:
            raise EmbeddingFailed(f"The picture could not be embedded: {error}") from error
        return l2_normalize(row)

    async def search(
        self,
        content: bytes,
        k: int,
        *,
        region: Region | None = None,
        class_names: Collection[str] = (),
    ) -> list[FoundPicture]:
        """Finds the gallery's pictures most similar to that in the bytes of a file.

        Args:
            content: The bytes.
            k: How many to find, from 1 to the settings' `max_neighbours`; all there are where
                they are fewer.
            region: As in `embed`.
            class_names: Only pictures of these classes are found; of every class when empty.

        Returns:
            At most `k` pictures, the most similar first.

        Raises:
            ValueError: There is no gallery, or an argument is not accepted.
            PictureTooLarge: As `embed`.
            UnreadablePicture: As `embed`.
            EmbeddingFailed: As `embed`.
        """
        if self.gallery is None:
            raise ValueError("There is no gallery to search in.")
        # Before the picture is encoded for nothing.
        check_between("k", k, 1, self.settings.max_neighbours)
        for name in class_names:
            if name not in self.gallery.class_counts:
                raise ValueError(
                    f"`class_names` must be classes of the gallery. Received: {name!r}"
                )
        embedding = await self.embed(content, region)
        search = functools.partial(self.gallery.search, class_names=class_names)
        return await self._in_thread(search, embedding, k)

    async def _in_thread(self, function: Callable[..., Answer], *arguments: object) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    def _decode(self, content: bytes, region: Region | None) -> np.ndarray:
        check_upload(content, self.limits)
        preparation = self.preparation
        return decode_content(content, preparation.decoded_size, preparation.resize_mode, region)

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        with self._lock:
            if self._in_hand >= self.settings.max_queue:
                raise Overloaded(
                    f"{self.settings.max_queue} requests are in hand already; try again later."
                )
            self._in_hand += 1
        try:
            yield
        finally:
            with self._lock:
                self._in_hand -= 1
