"""Symbols found on drawings, by the windows that look like them or by encoding every window."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from experiments.benchmarks.drawings import (
    Places,
    SearchedDrawing,
    figure,
    search_drawing,
    split_drawings,
)
from experiments.benchmarks.ours.every_window import EveryWindow
from simclr_tf.boxes import Detections
from simclr_tf.detection import SymbolDetector, cut_gallery
from simclr_tf.detection.candidate_finder import CandidateFinder
from simclr_tf.detection.preparing import calibrate_on_drawings
from simclr_tf.encoders import build_encoder
from simclr_tf.encoders.model_types import encoder_of_type

# Side of the encoder's pictures.
_PIXELS = 64


def found(name: str, pages: int, **search: Any) -> Callable[[int], float]:
    """Returns a task that gives a figure of the search, see `figure`.

    Each page is searched once, whatever the number of figures and repeats.

    Args:
        name: Of the figure.
        pages: So many of the test drawings; 0 for all.
        search: See `_Search`.
    """
    value = figure(name, _search(**search).of(pages))
    return lambda count: value


@functools.cache
def _search(**search: Any) -> _Search:
    return _Search(**search)


class _Search:
    """The test drawings, each searched when it is first asked for.

    Args:
        data_dir: folder of annotated drawings.
        train_drawings: so many of them give examples and calibration.
        examples: boxes of each class cut from these.
        weights: file of SqueezeNet's weights; empty for `encoder` with weights drawn at random.
        encoder: network.
        width: multiplier of its channels.
        every_window_step: shift between the windows that are all encoded, as a share of their
            side; 0 for the detector as it is.
    """

    def __init__(
        self,
        data_dir: str,
        train_drawings: int,
        examples: int,
        weights: str,
        encoder: str,
        width: float,
        every_window_step: float,
    ) -> None:
        train, self._test = split_drawings(data_dir, train_drawings)
        network = _encoder(weights, encoder, width)
        gallery = cut_gallery(train, examples)
        self._detector = SymbolDetector(network, gallery, image_size=_PIXELS)
        if every_window_step:
            # The recall of its places does not depend on the calibration.
            settings = self._detector.settings
            search = EveryWindow(network, gallery, settings, _PIXELS, every_window_step)
            self._detector.candidates = CandidateFinder(
                network, gallery, settings, _PIXELS, search=search
            )
        else:
            calibrate_on_drawings(self._detector, train)
        self._searched: list[SearchedDrawing] = []

    def of(self, pages: int) -> list[SearchedDrawing]:
        """Returns the first pages, searched; all of them for 0."""
        wanted = self._test[: pages or None]
        for drawing in wanted[len(self._searched) :]:
            self._searched.append(search_drawing(drawing, self._places_and_detections))
        return self._searched[: len(wanted)]

    def _places_and_detections(self, page: np.ndarray) -> tuple[Places, Detections]:
        candidates = self._detector.candidates(page)
        detections = self._detector.judge(candidates, page.shape[:2])
        return (candidates.boxes, candidates.labels), detections


def _encoder(weights: str, encoder: str, width: float) -> Any:
    if weights:
        return encoder_of_type("imagenet", weights).load()
    keras.utils.set_random_seed(0)
    return build_encoder(encoder, image_size=_PIXELS, width=width)
