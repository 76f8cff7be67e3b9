"""One picture at a time through a trained encoder that is loaded when it is first needed."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import numpy as np

from simclr_tf.encoders.find import find_encoder
from simclr_tf.protocols.embedding_settings import EmbeddingSettings

if TYPE_CHECKING:
    from simclr_tf.evaluation import FeatureExtractor


class PictureEncoder:
    """Embeds prepared pictures as `embed_pictures` does.

    The first call imports TensorFlow, loads the encoder and traces it, which takes seconds.

    Args:
        encoder_dir: See `find_encoder`.
        settings: How the pictures are prepared and embedded.

    Raises:
        ValueError: There is no encoder.
    """

    def __init__(self, encoder_dir: str | os.PathLike[str], settings: EmbeddingSettings) -> None:
        self._path = find_encoder(encoder_dir)
        self._flip_average = settings.flip_average
        self._extract: FeatureExtractor | None = None
        self._lock = threading.Lock()

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """Returns embeddings float32 `[n, d]` of pictures uint8 `[n, size, size, 3]`.

        Raises:
            ValueError: The file is not a readable Keras model, or takes pictures of another size.
        """
        extract = self._loaded()
        embeddings = extract(pictures)
        if self._flip_average:
            embeddings = (embeddings + extract(pictures[:, :, ::-1])) / 2
        return embeddings

    def _loaded(self) -> FeatureExtractor:
        with self._lock:
            if self._extract is None:
                from simclr_tf.encoders.load import load_encoder
                from simclr_tf.evaluation import FeatureExtractor

                self._extract = FeatureExtractor(load_encoder(self._path), batch_size=1)
            return self._extract
