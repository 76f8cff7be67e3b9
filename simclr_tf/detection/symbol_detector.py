"""Symbols found on pages by one or more examples of each."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from simclr_tf.boxes import Detections, clip_boxes, non_maximum_suppression, pairwise_iou
from simclr_tf.checks import check_at_least
from simclr_tf.data import AnnotatedDrawing
from simclr_tf.detection.background import alarm_penalties
from simclr_tf.detection.calibration import (
    SYMBOL_SCORE,
    Calibration,
    fit_calibration,
    probabilities,
)
from simclr_tf.detection.candidate_finder import CandidateFinder, PageTooSmall
from simclr_tf.detection.candidates import Candidates
from simclr_tf.detection.contest import contested
from simclr_tf.detection.default_calibration import default_calibration
from simclr_tf.detection.gallery import SymbolGallery
from simclr_tf.detection.settings import DetectorSettings

# A candidate that overlaps a true box of its class so much is right.
_RIGHT = 0.5
# One that overlaps a box the gallery was cut from so much would be compared with itself.
_ITSELF = 0.1


class SymbolDetector:
    """Finds symbols of which a gallery holds one or more examples.

    Every window of a pyramid that holds enough ink is compared with every example at every angle
    (see `search_page`). The most similar places are aligned closely with their example, cut out,
    embedded by the encoder and compared with the examples turned alike; a calibration makes one
    probability of all that, and classes that fit at one place share it (see `contested`).

    Args:
        encoder: Model from pictures uint8 `[batch, size, size, 3]` to features `[batch, d]`, or
            None to go by the pixels alone.
        gallery: The examples.
        settings: How to look; the defaults by default.
        image_size: Side of the encoder's pictures in pixels, at least 8, default 64.
        calibration: Of another detector with this encoder; a general one by default. See
            `calibrate`. Penalties do not come with it.

    Attributes:
        penalties: Taken from the logits of each class, float64 `[classes]`, see
            `calibrate_background`.

    Raises:
        ValueError: `image_size` is out of range, or the encoder does not take such pictures.

    Example:
        detector = SymbolDetector(encoder, read_gallery("symbols"))
        detections = detector.detect(decode_page("plan.png"))
    """

    def __init__(
        self,
        encoder: Any,
        gallery: SymbolGallery,
        settings: DetectorSettings | None = None,
        *,
        image_size: int = 64,
        calibration: Calibration | None = None,
    ) -> None:
        check_at_least("image_size", image_size, 8)
        self.gallery = gallery
        self.settings = settings or DetectorSettings()
        self._encoder, self._image_size = encoder, image_size
        self.calibration = calibration or default_calibration(encoder is not None)
        self.penalties = np.zeros(len(gallery.class_names))
        self.candidates = CandidateFinder(encoder, gallery, self.settings, image_size)

    def detect(self, page: np.ndarray) -> Detections:
        """Returns the symbols on a page, best first.

        Args:
            page: uint8 `[height, width]` or `[height, width, 3]`.

        Returns:
            Boxes in pixels of the page, labels of the gallery, scores from 0 to 1.

        Raises:
            ValueError: `page` is not such an array.
        """
        return self.judge(self.candidates(page), page.shape[:2])

    def judge(self, candidates: Candidates, shape: tuple[int, ...]) -> Detections:
        """Returns which candidates on a page of this height and width are symbols, best first."""
        rows, scores = self._reported(candidates, shape)
        boxes = clip_boxes(candidates.boxes[rows], shape[1], shape[0])
        return Detections(boxes, candidates.labels[rows], scores)

    def _reported(
        self, candidates: Candidates, shape: tuple[int, ...]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the rows of candidates that score enough, best first, and their scores."""
        alone = probabilities(self._logits(candidates))
        likely = np.flatnonzero(alone >= self.settings.least_score)
        boxes = clip_boxes(candidates.boxes[likely], shape[1], shape[0])
        labels = candidates.labels[likely]
        kept, scores = contested(boxes, labels, alone[likely], self.settings.overlap)
        count = int(np.sum(scores >= self.settings.least_score))
        return likely[kept[:count]], scores[:count]

    def _logits(self, candidates: Candidates) -> np.ndarray:
        return self.calibration.logits(candidates.evidence) - self.penalties[candidates.labels]

    def _best(self, boxes: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Returns the rows of boxes that score enough, the best of those that overlap."""
        rows = np.flatnonzero(scores >= self.settings.least_score)
        overlap = self.settings.overlap
        return rows[non_maximum_suppression(boxes[rows], scores[rows], iou_threshold=overlap)]

    def calibrate(self, pages: Iterable[tuple[np.ndarray, AnnotatedDrawing]]) -> Calibration:
        """Fits the calibration to annotated pages and keeps it; penalties end.

        Boxes that the gallery was cut from would match themselves. They are left out or, where most
        boxes of a page are such, compared with the examples of other pages only. Whatever else
        looks like a symbol on the pages and is none teaches what background is.

        Args:
            pages: Pages and the boxes on them, with the gallery's labels; a label that the gallery
                does not have is another symbol.

        Raises:
            NothingToCalibrate: There are no right or no wrong candidates on the pages.
        """
        boxes, evidence, is_right = [], [], []
        for page, drawing in pages:
            try:
                candidates, known, right = self._honest_candidates(page, drawing)
            except PageTooSmall:
                continue
            boxes.append(candidates.boxes[known])
            evidence.append(candidates.evidence[known])
            is_right.append(right[known])
        fitted = fit_calibration(evidence, is_right)
        left = [self._best(*page) for page in zip(boxes, map(fitted.scores, evidence), strict=True)]
        self.penalties = np.zeros_like(self.penalties)
        self.calibration = fitted.refitted(
            np.concatenate([part[rows] for part, rows in zip(evidence, left, strict=True)]),
            np.concatenate([part[rows] for part, rows in zip(is_right, left, strict=True)]),
        )
        return self.calibration

    def calibrate_background(
        self, pages: Iterable[np.ndarray], false_alarms_per_page: float = 0.1
    ) -> np.ndarray:
        """Lowers the scores of classes that look like what the drawings have anyway.

        A bare F is on every page with texts. The classes that raise most alarms on pages without
        symbols are lowered until hardly any is left; the order within a class stays. What was
        lowered before is not: the penalties are those of these pages.

        Args:
            pages: Pages without any symbol of the gallery.
            false_alarms_per_page: Boxes with a score of 0.5 or more that are accepted on them, on
                average, at least 0, default 0.1.

        Returns:
            The detector's `penalties`.

        Raises:
            ValueError: An argument is out of range.
        """
        check_at_least("false_alarms_per_page", false_alarms_per_page, 0)
        self.penalties = np.zeros_like(self.penalties)
        searched, count = [], 0
        for page in pages:
            count += 1
            with contextlib.suppress(PageTooSmall):
                candidates = self.candidates(page)
                # What is no alarm alone is none beside others, and takes nothing from an alarm.
                alarms = probabilities(self._logits(candidates)) >= SYMBOL_SCORE
                searched.append((candidates.of(alarms), page.shape[:2]))
        accepted = math.floor(false_alarms_per_page * count)
        while True:
            found = [self._alarms(*page) for page in searched]
            labels = np.concatenate([np.zeros(0, np.int64), *(part[0] for part in found)])
            logits = np.concatenate([np.zeros(0), *(part[1] for part in found)])
            if len(labels) <= accepted:
                return self.penalties.copy()
            self.penalties += alarm_penalties(labels, logits, accepted, len(self.penalties))

    def _alarms(
        self, candidates: Candidates, shape: tuple[int, ...]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the labels of what counts as a symbol on a page, and their logits, seen alone."""
        rows, scores = self._reported(candidates, shape)
        rows = rows[scores >= SYMBOL_SCORE]
        return candidates.labels[rows], self._logits(candidates)[rows]

    def _honest_candidates(
        self, page: np.ndarray, drawing: AnnotatedDrawing
    ) -> tuple[Candidates, np.ndarray, np.ndarray]:
        """Returns candidates, which of them were compared with others only, and which are right."""
        examples = self.gallery.examples
        others = [example for example in examples if example.source != drawing.path]
        used = {example.row for example in examples if example.source == drawing.path}
        own = np.array([row in used for row in range(len(drawing))], bool)
        left = np.isin(drawing.labels[~own], self.gallery.labels)
        comparable = np.isin(drawing.labels, [example.label for example in others])
        if np.sum(comparable) > np.sum(left):
            own[:] = False
            gallery = dataclasses.replace(self.gallery, examples=tuple(others))
            finder = CandidateFinder(self._encoder, gallery, self.settings, self._image_size)
            candidates = finder(page)
        else:
            candidates = self.candidates(page)
        overlap = pairwise_iou(candidates.boxes, drawing.boxes)
        right = (overlap >= _RIGHT) & (candidates.labels[:, None] == drawing.labels)
        itself = (overlap[:, own] > _ITSELF).any(axis=1)
        return candidates, np.asarray(~itself), right.any(axis=1)
