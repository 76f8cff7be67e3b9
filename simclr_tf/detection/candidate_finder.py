"""From a page to the places on it that may be symbols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import threadpoolctl  # type: ignore[import-untyped]

from simclr_tf.boxes import non_maximum_suppression
from simclr_tf.detection.alignment import FINE, ROUGH, Aligner, Alignment, scaled_box
from simclr_tf.detection.candidates import (
    EVIDENCE,
    Candidates,
    no_candidates,
    strongest_enclosing,
    strongest_rivals,
)
from simclr_tf.detection.embedding import CropEncoder
from simclr_tf.detection.gallery import SymbolGallery
from simclr_tf.detection.ink import ink_map
from simclr_tf.detection.references import reference_examples
from simclr_tf.detection.relations import related_examples, searched_examples
from simclr_tf.detection.search import PageSearch, Places, best_places, search_page
from simclr_tf.detection.settings import DetectorSettings
from simclr_tf.detection.templates import Template, build_templates

# Of windows of one class and quarter turn that overlap so much, only the most similar is
# looked at closely: first of those at all sizes, then, nearer to their places, of those that are
# left. Until the end a wrong turn may look better: a frame that is much the same at all turns, and
# a wall that is taken for the mark beside it.
_SAME_WINDOW, _SAME_FIT = 0.4, 0.55
# A place shows up at several sizes and turns: so many windows are compared to leave one.
_WINDOWS_PER_PLACE = 8
# A window this much less similar than another one at its place is not looked at closely.
_FAR_BEHIND = 0.25
# Nor, once it is roughly aligned, one that is this much behind.
_BEHIND = 0.3


class PageTooSmall(ValueError):  # noqa: N818 (the state of the page, not a fault)
    """A page on which no symbol of the gallery has room; the text is the reason."""


class _Windows(NamedTuple):
    boxes: np.ndarray
    labels: np.ndarray
    keys: list[tuple[int, float]]  # example and angle
    similarities: np.ndarray


class _Fit(NamedTuple):
    correlation: float
    box: tuple[float, ...]
    example: int
    angle: float


class CandidateFinder:
    """Finds candidates for the symbols of a gallery.

    Args:
        encoder: See `SymbolDetector`.
        gallery: The examples.
        settings: How to look.
        image_size: Side of the encoder's pictures in pixels.
        search: What finds the windows that are looked at closely, `search_page` by default.
    """

    def __init__(
        self,
        encoder: Any,
        gallery: SymbolGallery,
        settings: DetectorSettings,
        image_size: int,
        search: PageSearch = search_page,
    ) -> None:
        self._gallery, self._settings, self._search = gallery, settings, search
        searched = searched_examples(gallery.examples, settings.searched_per_class)
        self._levels = build_templates(gallery.examples, settings, searched)
        self._related = related_examples(gallery.examples, searched, settings.angles)
        self._aligners: dict[tuple[int, float], Aligner] = {}
        # Quarter turns are exact. Free angles lie between: half and a quarter of the way are tried.
        free = settings.angles not in (1, 2, 4)
        self._turns_between = (180 / settings.angles, 90 / settings.angles) if free else ()
        self._encoder, self._references = None, np.zeros((0, 0), np.float32)
        self._reference_labels = np.zeros(0, np.int64)
        if encoder is not None:
            self._encoder = CropEncoder(encoder, image_size, settings.batch_size)
            references = reference_examples(gallery.examples, settings)
            self._references = self._encoder.of_examples(references)
            self._reference_labels = np.array([example.label for example in references])

    def __call__(self, page: np.ndarray) -> Candidates:
        """Returns the candidates on a page.

        Args:
            page: uint8 `[height, width]` or `[height, width, 3]`.

        Raises:
            PageTooSmall: Every symbol is larger than the page, at every size that is tried.
            ValueError: `page` is not such an array.
        """
        ink = ink_map(page)
        self._check_room(*ink.shape)
        # The products are many and small: threads of BLAS would wait for one another.
        with threadpoolctl.threadpool_limits(1, user_api="blas"):
            return self._candidates(ink)

    def _candidates(self, ink: np.ndarray) -> Candidates:
        windows = self._windows(ink)
        if not len(windows.labels):
            return no_candidates()
        windows = self._roughly_aligned(ink, windows)
        if not len(windows.labels):
            return no_candidates()
        fits = [
            self._finely_aligned(ink, key, box)
            for key, box in zip(windows.keys, windows.boxes.tolist(), strict=True)
        ]
        boxes = np.array([fit.box for fit in fits])
        evidence = np.zeros((len(fits), len(EVIDENCE)), np.float32)
        evidence[:, 0] = windows.similarities
        evidence[:, 1:7] = [fit[1:] for fit in fits]
        evidence[:, 7] = strongest_rivals(boxes, windows.labels, evidence[:, 1])
        completeness = np.array([fit.completeness for fit in fits])
        evidence[:, 8] = strongest_enclosing(boxes, windows.labels, completeness)
        evidence[:, 9:11] = np.transpose(self._cosines(ink, boxes, windows.labels))
        return Candidates(boxes, windows.labels, evidence)

    def _check_room(self, height: int, width: int) -> None:
        templates = (template for level in self._levels for template in level.templates)
        if not any(one.height <= height and one.width <= width for one in templates):
            raise PageTooSmall(
                f"every symbol looked for is larger than the page of {width} x {height} pixels"
            )

    def _windows(self, ink: np.ndarray) -> _Windows:
        found = self._search(
            ink,
            self._levels,
            least_similarity=self._settings.least_similarity,
            least_ink=self._settings.least_ink,
            places_per_class=_WINDOWS_PER_PLACE * self._settings.places_per_class,
        )
        apart = _apart(
            self._boxes(found),
            found.similarities,
            found.labels,
            [template.angle for template in self._templates(found)],
            _SAME_WINDOW,
        )
        found = best_places(found.of(apart), self._settings.places_per_class)
        boxes = self._boxes(found)
        rival = strongest_rivals(boxes, found.labels, found.similarities)
        rows = np.flatnonzero(found.similarities >= rival - _FAR_BEHIND)
        templates = self._templates(found.of(rows))
        keys = [(template.example, template.angle) for template in templates]
        return _Windows(boxes[rows], found.labels[rows], keys, found.similarities[rows])

    def _boxes(self, places: Places) -> np.ndarray:
        sides = [(template.width, template.height) for template in self._templates(places)]
        half = np.array(sides).reshape(-1, 2) / 2
        return np.concatenate([places.centres - half, places.centres + half], axis=1)

    def _templates(self, places: Places) -> list[Template]:
        return [
            self._levels[level].templates[row]
            for level, row in zip(places.levels.tolist(), places.rows.tolist(), strict=True)
        ]

    def _roughly_aligned(self, ink: np.ndarray, windows: _Windows) -> _Windows:
        """Returns the windows where their example fits best, without those that others beat."""
        fits = [
            self._aligner(*key).fit(ink, box, ROUGH)
            for key, box in zip(windows.keys, windows.boxes.tolist(), strict=True)
        ]
        correlations = np.array([fit[0] for fit in fits], np.float32)
        boxes = np.array([fit[1] for fit in fits])
        rival = strongest_rivals(boxes, windows.labels, correlations)
        least = np.maximum(rival - _BEHIND, self._settings.least_similarity)
        kept = np.flatnonzero(correlations >= least)
        turns = [windows.keys[row][1] for row in kept.tolist()]
        order = _apart(boxes[kept], correlations[kept], windows.labels[kept], turns, _SAME_FIT)
        kept = kept[order]
        return _Windows(
            boxes[kept],
            windows.labels[kept],
            [windows.keys[row] for row in kept.tolist()],
            windows.similarities[kept],
        )

    def _finely_aligned(
        self, ink: np.ndarray, key: tuple[int, float], box: list[float]
    ) -> Alignment:
        """Returns the best fit of all examples of the class, turned as the one that was found."""
        example, angle = key
        best = max(
            (self._fit(ink, row, angle + turn, box) for row, turn in self._related[example]),
            key=lambda fit: fit.correlation,
        )
        for by in self._turns_between:
            nearby = [self._turned(ink, best, turn) for turn in (-by, by)]
            best = max([best, *nearby], key=lambda fit: fit.correlation)
        return self._aligner(best.example, best.angle).measured(ink, best.box, best.correlation)

    def _turned(self, ink: np.ndarray, fit: _Fit, by: float) -> _Fit:
        turned = self._aligner(fit.example, (fit.angle + by) % 360)
        across, down = turned.sides / self._aligner(fit.example, fit.angle).sides
        return self._fit(ink, fit.example, fit.angle + by, scaled_box(fit.box, across, down))

    def _fit(self, ink: np.ndarray, example: int, angle: float, box: Sequence[float]) -> _Fit:
        correlation, fitted = self._aligner(example, angle % 360).fit(ink, box, FINE)
        return _Fit(correlation, fitted, example, angle % 360)

    def _aligner(self, example: int, angle: float) -> Aligner:
        if (example, angle) not in self._aligners:
            turned = self._gallery.examples[example].turned(angle)
            self._aligners[example, angle] = Aligner(turned, self._settings.aligned_pixels)
        return self._aligners[example, angle]

    def _cosines(
        self, ink: np.ndarray, boxes: np.ndarray, labels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the cosine with the nearest example of the class, and of all other classes."""
        if self._encoder is None:
            return np.zeros(len(boxes)), np.zeros(len(boxes))
        cosines = self._encoder.of_boxes(ink, boxes.tolist()) @ self._references.T
        own = labels[:, None] == self._reference_labels
        nearest = np.where(own, cosines, -1).max(axis=1)
        if own.all():
            # There is no other class to be nearer to.
            return nearest, nearest
        return nearest, np.where(own, -1, cosines).max(axis=1)


def _apart(
    boxes: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    angles: Sequence[float],
    iou_threshold: float,
) -> np.ndarray:
    """Returns the rows of the best of those that overlap, of each class at each quarter turn."""
    # 45, 135, 225 and 315 degrees belong to the quarter turn that follows.
    quarters = np.array([int((angle + 45) // 90) % 4 for angle in angles], np.int64)
    return non_maximum_suppression(
        boxes, scores, 4 * labels + quarters, iou_threshold=iou_threshold
    )
