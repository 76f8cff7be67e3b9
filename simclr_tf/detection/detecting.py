"""Many pages searched for symbols, and what was found written to a folder."""

from __future__ import annotations

import dataclasses
import io
import os
import pathlib
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from PIL import Image

from simclr_tf.boxes import Detections
from simclr_tf.checks import check_between
from simclr_tf.data import AnnotatedDrawing, UnreadablePicture
from simclr_tf.data.page_files import page_files
from simclr_tf.data.picture_set import SkippedPicture
from simclr_tf.detection.calibration import SYMBOL_SCORE
from simclr_tf.detection.candidate_finder import PageTooSmall
from simclr_tf.detection.drawn_page import draw_detections
from simclr_tf.detection.review_page import FoundSymbol, crop_png, review_page
from simclr_tf.files import write_atomically, write_csv, write_json
from simclr_tf.metrics import evaluate_detections

_COLUMNS = ("page", "label", "score", "x_min", "y_min", "x_max", "y_max")


class Detector(Protocol):
    """What finds symbols: `SymbolDetector`, or something else to compare it with."""

    def detect(self, page: np.ndarray) -> Detections:
        """Returns what is on a page, uint8 `[height, width]` or `[height, width, 3]`."""


@dataclasses.dataclass(frozen=True, eq=False)
class SearchedPage:
    """What was found on one page.

    Args:
        path: As it goes in the results, relative to the folder of the pages.
        size: Width and height in pixels.
        detections: What was found, best first.
        seconds: What reading and searching it took.
        note: What a person should know of it.
    """

    path: str
    size: tuple[int, int]
    detections: Detections
    seconds: float
    note: str | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class DetectionResults:
    """What was found on many pages.

    Args:
        pages: Those that could be searched.
        skipped: Those that could not, each with a readable line.
    """

    pages: tuple[SearchedPage, ...]
    skipped: tuple[SkippedPicture, ...]


def detect_pages(
    detector: Detector,
    root: str | os.PathLike[str],
    paths: Sequence[str],
    class_names: Sequence[str],
    output_dir: str | os.PathLike[str],
    *,
    least_drawn_score: float = SYMBOL_SCORE,
    progress: Callable[[SearchedPage], None] | None = None,
    pdf_dpi: float = 200,
) -> DetectionResults:
    """Searches pages one after another and writes what was found.

    Args:
        detector: What searches.
        root: Folder of the pages.
        paths: Of the pages, relative to it; each page of a PDF file counts as `PATH_page_1` and
            so on.
        class_names: Names of the detector's labels.
        output_dir: Folder of detections.json (as COCO, with `score`), detections.csv, index.html
            (crops by falling score) and pages/NAME.png, each page with its boxes.
        least_drawn_score: Boxes below it are in detections.json and detections.csv, but neither
            drawn on the pages nor shown in index.html; from 0 to 1, by default 0.5, from where
            a calibrated score calls a box rather right than wrong.
        progress: Called with each page that was searched.
        pdf_dpi: Dots an inch at which pages of PDF files are drawn, 18 to 1,200, default 200.

    Returns:
        What was found. A page that cannot be read or searched is skipped.

    Raises:
        ValueError: There is a PDF file, and the extra "pdf" is not installed.
        OSError: A result cannot be written.
        ValueError: `least_drawn_score` is out of range.
    """
    check_between("least_drawn_score", least_drawn_score, 0.0, 1.0)
    output = pathlib.Path(output_dir)
    output.mkdir(parents=True, exist_ok=True)
    searched: list[SearchedPage] = []
    skipped: list[SkippedPicture] = []
    symbols: list[FoundSymbol] = []
    for path, decode in page_files(root, paths, pdf_dpi):
        start = time.perf_counter()
        try:
            page = decode()
            detections = detector.detect(page)
        except (UnreadablePicture, PageTooSmall) as error:
            skipped.append(SkippedPicture(path, str(error)))
            continue
        seconds = time.perf_counter() - start
        size = (page.shape[1], page.shape[0])
        note = "the page is blank" if page.min() == page.max() else None
        searched.append(SearchedPage(path, size, detections, seconds, note))
        drawn = detections.at_least(least_drawn_score)
        symbols += _symbols(page, path, drawn, class_names)
        _write_page(output / "pages" / f"{path}.png", draw_detections(page, drawn, class_names))
        if progress is not None:
            progress(searched[-1])
    _write_lists(output, searched, symbols, class_names)
    return DetectionResults(tuple(searched), tuple(skipped))


def detection_metrics(
    results: DetectionResults, truth: dict[str, AnnotatedDrawing], class_names: Sequence[str]
) -> dict[str, Any]:
    """Returns how right the results are, in plain numbers.

    Args:
        results: What was found; pages without truth are left out.
        truth: The true boxes by the pages' paths.
        class_names: Names of the labels.

    Returns:
        What `DetectionReport.summary` has, and `seconds_per_page`.

    Raises:
        ValueError: No page has truth.
    """
    pages = [page for page in results.pages if page.path in truth]
    if not pages:
        raise ValueError("There is no searched page with true boxes to compare with.")
    report = evaluate_detections(
        [truth[page.path] for page in pages], [page.detections for page in pages]
    )
    seconds = float(np.mean([page.seconds for page in pages]))
    return {**report.summary(class_names), "seconds_per_page": seconds}


def _symbols(
    page: np.ndarray, path: str, drawn: Detections, names: Sequence[str]
) -> list[FoundSymbol]:
    return [
        FoundSymbol(path, names[int(label)], float(score), tuple(box), crop_png(page, box))
        for box, label, score in zip(drawn.boxes.tolist(), *drawn[1:], strict=True)
    ]


def _write_page(path: pathlib.Path, picture: Image.Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=3)
    write_atomically(path, stream.getvalue())


def _write_lists(
    output: pathlib.Path,
    searched: Sequence[SearchedPage],
    symbols: Sequence[FoundSymbol],
    class_names: Sequence[str],
) -> None:
    rows = [
        dict(zip(_COLUMNS, (page.path, class_names[label], score, *box), strict=True))
        for page in searched
        for box, label, score in zip(*(values.tolist() for values in page.detections), strict=True)
    ]
    write_csv(output / "detections.csv", rows, _COLUMNS)
    write_json(output / "detections.json", coco_of(searched, class_names))
    page = review_page(symbols, unsure=len(rows) - len(symbols))
    write_atomically(output / "index.html", page)


def coco_of(searched: Sequence[SearchedPage], class_names: Sequence[str]) -> dict[str, Any]:
    """Returns what was found in COCO's form, with a `score` in each annotation.

    Ids count from 1, as COCO's do; category `i + 1` is `class_names[i]`.
    """
    annotations: list[dict[str, Any]] = []
    for number, page in enumerate(searched, start=1):
        for (x_min, y_min, x_max, y_max), label, score in zip(
            page.detections.boxes.tolist(),
            page.detections.labels.tolist(),
            page.detections.scores.tolist(),
            strict=True,
        ):
            width, height = x_max - x_min, y_max - y_min
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": label + 1,
                    "bbox": [x_min, y_min, width, height],
                    "area": width * height,
                    "iscrowd": 0,
                    "score": score,
                }
            )
    return {
        "images": [
            {"id": number, "file_name": page.path, "width": page.size[0], "height": page.size[1]}
            for number, page in enumerate(searched, start=1)
        ],
        "annotations": annotations,
        "categories": [{"id": row + 1, "name": name} for row, name in enumerate(class_names)],
    }
