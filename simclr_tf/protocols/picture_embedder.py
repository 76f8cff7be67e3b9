"""Decoded pictures to embeddings, averaged over the views that the settings ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from simclr_tf.data.decode_many import Decoded
from simclr_tf.evaluation import FeatureExtractor
from simclr_tf.protocols.embedding_settings import EmbeddingSettings
from simclr_tf.similarity import l2_normalize


class PictureEmbedder:
    """Embeds pictures as `embed_pictures` does, a batch at a time.

    With several views of each picture, the embedding is the mean of theirs, each of length 1, and
    has length 1 itself: no view counts for more than another.

    Args:
        encoder: Of `EncoderSource.load`, or a model from raw pictures to features.
        settings: Which views, and how many pictures the encoder takes at once.

    Reference:
        Krizhevsky et al. 2012, "ImageNet classification with deep convolutional neural networks",
        section 4.1: the corners and the centre, and their mirror images.
    """

    def __init__(self, encoder: Any, settings: EmbeddingSettings) -> None:
        self._extract = FeatureExtractor(encoder, settings.batch_size, frozen=True)
        self._settings = settings

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Returns embeddings float32 `[n, d]`.

        Args:
            images: uint8 `[n, size, size, 3]` with the settings' `decoded_size`.

        Raises:
            ValueError: A feature is not finite, or the encoder takes pictures of another size.
        """
        views = list(self._views(images))
        if len(views) == 1:
            return self._extract(images)
        return l2_normalize(np.mean([l2_normalize(self._extract(view)) for view in views], axis=0))

    def readable(self, pictures: Sequence[Decoded], count: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns the embeddings of a batch of which some pictures may be unreadable.

        Args:
            pictures: Decoded ones, and texts in the place of the others.
            count: Rows of the result, at least `len(pictures)`.

        Returns:
            Embeddings float32 `[count, d]`, any numbers where there is no picture, and which rows
            have one, bool `[count]`; d is 0 where there is none.

        Raises:
            ValueError: As for `__call__`.
        """
        found = np.zeros(count, bool)
        images = [picture for picture in pictures if not isinstance(picture, str)]
        if not images:
            return np.zeros((count, 0), np.float32), found
        found[: len(pictures)] = [not isinstance(picture, str) for picture in pictures]
        # All batches have one size: another would make a GPU search its kernels again.
        filled = np.repeat(images[0][None], count, axis=0)
        filled[found] = images
        return self(filled), found

    def _views(self, images: np.ndarray) -> Iterator[np.ndarray]:
        size = self._settings.image_size
        margin = images.shape[1] - size
        corners = [(0, 0)]
        if self._settings.crops > 1:
            corners = [(0, 0), (0, margin), (margin, 0), (margin, margin), (margin // 2,) * 2]
        for top, left in corners:
            view = images[:, top : top + size, left : left + size]
            yield view
            if self._settings.flip_average:
                yield view[:, :, ::-1]
