"""Pictures through a trained encoder that is loaded when it is first needed."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

import numpy as np

from simclr_tf.encoders.source import EncoderSource
from simclr_tf.protocols.embedding_settings import EmbeddingSettings

if TYPE_CHECKING:
    from simclr_tf.protocols.picture_embedder import PictureEmbedder


class PictureEncoder:
    """Embeds prepared pictures as `embed_pictures` does.

    The first call imports TensorFlow, loads the encoder and traces it, which takes seconds.

    Args:
        source: Of the encoder.
        settings: How the pictures are prepared and embedded.
        batch_size: Pictures that the encoder takes at once, at least 1, whatever `settings` say.
    """

    def __init__(
        self, source: EncoderSource, settings: EmbeddingSettings, batch_size: int = 1
    ) -> None:
        self._source = source
        self._settings = dataclasses.replace(settings, batch_size=batch_size)
        self._embed: PictureEmbedder | None = None
        self._lock = threading.Lock()

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """Returns embeddings float32 `[n, d]` of pictures uint8 `[n, size, size, 3]`.

        Args:
            pictures: Their size is the settings' `decoded_size`.

        Raises:
            ValueError: The file is not a readable model, or takes pictures of another size.
        """
        return self._loaded()(pictures)

    def _loaded(self) -> PictureEmbedder:
        with self._lock:
            if self._embed is None:
                from simclr_tf.protocols.picture_embedder import PictureEmbedder

                self._embed = PictureEmbedder(self._source.load(), self._settings)
            return self._embed
