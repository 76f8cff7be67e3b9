"""A detector made ready: its scores calibrated on the pages that a person has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from simclr_tf.data import AnnotatedDrawing, DrawingSet, UnreadablePicture
from simclr_tf.data.page import decode_page
from simclr_tf.data.picture_set import SkippedPicture
from simclr_tf.detection.calibration import NothingToCalibrate
from simclr_tf.detection.class_names import with_class_names
from simclr_tf.detection.symbol_detector import SymbolDetector

Report = Callable[[SkippedPicture], None]


def calibrate_on_drawings(
    detector: SymbolDetector, drawings: DrawingSet, report: Report | None = None
) -> bool:
    """Calibrates a detector on annotated drawings, see `SymbolDetector.calibrate`.

    Args:
        detector: The detector.
        drawings: The drawings; classes are known by their names.
        report: Called with each page that cannot be read.

    Returns:
        Whether there were right and wrong candidates on the drawings to learn from; where there
        were not, the detector keeps the calibration that it has.
    """
    known = with_class_names(drawings, detector.gallery.class_names)
    by_path = {drawing.path: drawing for drawing in known.drawings}
    try:
        detector.calibrate((page, by_path[path]) for path, page in _pages(by_path, report))
    except NothingToCalibrate:
        return False
    return True


def calibrate_on_background(
    detector: SymbolDetector,
    paths: Iterable[str | os.PathLike[str]],
    false_alarms_per_page: float,
    report: Report | None = None,
) -> None:
    """Calibrates a detector on pages without symbols, see `calibrate_background`.

    Args:
        detector: The detector.
        paths: Of the pages.
        false_alarms_per_page: Accepted on them, at least 0.
        report: Called with each page that cannot be read.
    """
    names = (os.fspath(path) for path in paths)
    detector.calibrate_background((page for _, page in _pages(names, report)),
                                  false_alarms_per_page)  # fmt: skip


def true_boxes(
    drawings: DrawingSet, class_names: tuple[str, ...]
) -> tuple[dict[str, AnnotatedDrawing], tuple[str, ...]]:
    """Returns the drawings by their paths with a detector's labels, and all class names."""
    known = with_class_names(drawings, class_names)
    return {drawing.path: drawing for drawing in known.drawings}, known.class_names


def _pages(paths: Iterable[str], report: Report | None) -> Iterator[tuple[str, np.ndarray]]:
    for path in paths:
        try:
            page = decode_page(path)
        except UnreadablePicture as error:
            if report is not None:
                report(SkippedPicture(path, str(error)))
            continue
        yield path, page
