"""How well an example fits a place on a page, moved and stretched until it fits best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from simclr_tf.detection.blur import REACH, blurred
from simclr_tf.detection.example import SymbolExample
from simclr_tf.detection.resampling import resampled, resized_box

# Factors of height and width that are tried, and pixels by which the example may be moved at the
# compared size: first roughly, then finely.
ROUGH = ((0.89, 1.0, 1.12), 3)
FINE = ((0.97, 1.0, 1.03), 1)
# Context of the example and the page at the compared size.
_AROUND = 4
# Ink counts as explained where there is other ink within this distance, pixels.
_TOLERANCE = 1.5
# Size of a spot: lines of this length that are wrong tell symbols apart.
_SPOT = 2.0


class Alignment(NamedTuple):
    """The best fit of an example at a place.

    Attributes:
        box: `[x_min, y_min, x_max, y_max]` in pixels of the page.
        correlation: Of the blurred ink in the box, from -1 to 1.
        context: The same with what is around the box.
        explained: Share of the page's ink in the box that is near ink of the example.
        found: Share of the example's ink that is near ink of the page.
        extra: Most ink of the page in one spot of the box that the example does not explain.
        missing: Most ink of the example in one spot that was not found.
    """

    box: tuple[float, float, float, float]
    correlation: float
    context: float
    explained: float
    found: float
    extra: float
    missing: float

    @property
    def completeness(self) -> float:
        """How completely the example is there: one mark that is not leaves little."""
        return self.correlation * self.found * (1 - self.missing)


class Aligner:
    """Fits one example at one angle to places on a page.

    Args:
        example: The example, turned already.
        pixels: Geometric mean of its sides where it is compared; smaller ones keep their size.
    """

    def __init__(self, example: SymbolExample, pixels: int) -> None:
        factor = min(1.0, pixels / math.sqrt(example.height * example.width))
        self.sides = np.array([example.width, example.height], float)
        self.height = max(6, round(example.height * factor))
        self.width = max(6, round(example.width * factor))
        self._ink = resized_box(example, self.height, self.width, _AROUND)
        around = blurred(self._ink)
        inner = around[_AROUND:-_AROUND, _AROUND:-_AROUND]
        self._weights, self._energy = _unit(inner)
        self._context, _ = _unit(around)
        self._inner = self._ink[_AROUND:-_AROUND, _AROUND:-_AROUND].astype(np.float32) / 255
        self._near = _near(self._ink)[_AROUND:-_AROUND, _AROUND:-_AROUND]

    def fit(
        self, ink: np.ndarray, box: Sequence[float], steps: tuple[tuple[float, ...], int]
    ) -> tuple[float, tuple[float, ...]]:
        """Returns the best correlation around a box, and where it is.

        Args:
            ink: Of the page, uint8 `[H, W]`.
            box: `[x_min, y_min, x_max, y_max]` in pixels of the page.
            steps: `ROUGH` or `FINE`.
        """
        stretches, shift = steps
        return max(
            self._best_shift(ink, scaled_box(box, across, down), shift)
            for down in stretches
            for across in stretches
        )

    def _best_shift(
        self, ink: np.ndarray, box: tuple[float, ...], shift: int
    ) -> tuple[float, tuple[float, ...]]:
        patch = blurred(self._patch(ink, box, shift + REACH))[REACH:-REACH, REACH:-REACH]
        views = np.lib.stride_tricks.sliding_window_view(patch, (self.height, self.width))
        windows = views.reshape(-1, self.height * self.width)
        energy = (windows**2).sum(axis=1) - windows.sum(axis=1) ** 2 / windows.shape[1]
        scores = windows @ self._weights / np.sqrt(np.maximum(energy, 0.1 * self._energy))
        place = int(scores.argmax())
        down, across = divmod(place, views.shape[1])
        dx = (across - shift) * (box[2] - box[0]) / self.width
        dy = (down - shift) * (box[3] - box[1]) / self.height
        return float(scores[place]), (box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy)

    def measured(self, ink: np.ndarray, box: tuple[float, ...], correlation: float) -> Alignment:
        """Returns everything that is known of the fit at a box with this correlation."""
        patch = self._patch(ink, box, _AROUND)
        context, energy = _unit(blurred(patch))
        inner = patch[_AROUND:-_AROUND, _AROUND:-_AROUND].astype(np.float32) / 255
        near = _near(patch)[_AROUND:-_AROUND, _AROUND:-_AROUND]
        return Alignment(
            box=(box[0], box[1], box[2], box[3]),
            correlation=correlation,
            context=float(context @ self._context) if energy > 0 else 0.0,
            explained=_covered(inner, self._near),
            found=_covered(self._inner, near),
            extra=_most_uncovered(inner, self._near),
            missing=_most_uncovered(self._inner, near),
        )

    def _patch(self, ink: np.ndarray, box: Sequence[float], around: int) -> np.ndarray:
        dx = around * (box[2] - box[0]) / self.width
        dy = around * (box[3] - box[1]) / self.height
        wider = (box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy)
        return resampled(ink, wider, self.height + 2 * around, self.width + 2 * around)


def _unit(ink: np.ndarray) -> tuple[np.ndarray, float]:
    centred = (ink - ink.mean()).ravel().astype(np.float32)
    energy = float(centred @ centred)
    return centred / math.sqrt(energy + 1e-12), energy


def _near(ink: np.ndarray) -> np.ndarray:
    """Returns which pixels are near ink, bool."""
    return ndimage.distance_transform_edt(ink < 96) <= _TOLERANCE if ink.max() >= 96 else ink > 255


def _covered(ink: np.ndarray, near: np.ndarray) -> float:
    return float((ink * near).sum() / max(float(ink.sum()), 1e-6))


def _most_uncovered(ink: np.ndarray, near: np.ndarray) -> float:
    return float(ndimage.gaussian_filter(ink * ~near, _SPOT, mode="constant").max())


def scaled_box(box: Sequence[float], across: float, down: float) -> tuple[float, ...]:
    """Returns a box of the same centre, its width and height multiplied."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half_width, half_height = (box[2] - box[0]) / 2 * across, (box[3] - box[1]) / 2 * down
    return x - half_width, y - half_height, x + half_width, y + half_height
