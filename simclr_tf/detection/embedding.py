"""What the encoder sees of a symbol: its ink in a square window, black on white."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simclr_tf.detection.example import SymbolExample
from simclr_tf.detection.resampling import resampled
from simclr_tf.similarity import l2_normalize

# Room on each side of a box, as a share of its longer side: that of the crops for training.
MARGIN = 0.15


class CropEncoder:
    """Embeds windows of ink.

    Args:
        encoder: Model from pictures uint8 `[batch, size, size, 3]` to features `[batch, d]`.
        image_size: Side of its pictures in pixels.
        batch_size: Pictures that it takes at once.
    """

    def __init__(self, encoder: Any, image_size: int, batch_size: int) -> None:
        # TensorFlow is wanted only where there is an encoder.
        from simclr_tf.evaluation.features import FeatureExtractor

        self._extract = FeatureExtractor(encoder, batch_size, frozen=True)
        self._size = image_size

    def of_boxes(self, ink: np.ndarray, boxes: Sequence[Sequence[float]]) -> np.ndarray:
        """Returns unit embeddings float32 `[n, d]` of at least one box of a page."""
        return self._embedded([_window(ink, box, self._size) for box in boxes])

    def of_examples(self, examples: Sequence[SymbolExample]) -> np.ndarray:
        """Returns unit embeddings float32 `[n, d]` of at least one example."""
        pictures = []
        for example in examples:
            margin = example.margin
            box = (margin, margin, margin + example.width, margin + example.height)
            pictures.append(_window(example.ink, box, self._size))
        return self._embedded(pictures)

    def _embedded(self, windows: list[np.ndarray]) -> np.ndarray:
        pictures = 255 - np.stack(windows)
        return l2_normalize(self._extract(np.repeat(pictures[..., None], 3, axis=3)))


def _window(ink: np.ndarray, box: Sequence[float], size: int) -> np.ndarray:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half = max(box[2] - box[0], box[3] - box[1]) * (0.5 + MARGIN)
    return resampled(ink, (x - half, y - half, x + half, y + half), size, size)
