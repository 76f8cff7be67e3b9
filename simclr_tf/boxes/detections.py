"""What a detector found on one page."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Detections(NamedTuple):
    """Boxes with a label and a score each.

    Attributes:
        boxes: `[x_min, y_min, x_max, y_max]` in pixels of the page, `[n, 4]`.
        labels: Class of each box, int `[n]`.
        scores: Confidence of each box, the higher the surer, `[n]`.
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray

    def at_least(self, score: float) -> Detections:
        """Returns those with at least a score."""
        return Detections(*(values[self.scores >= score] for values in self))
