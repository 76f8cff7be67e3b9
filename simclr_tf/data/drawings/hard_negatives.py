"""Hard negatives: what a detector took for a symbol on drawings whose symbols are known."""

from __future__ import annotations

import collections
import dataclasses
import os
import pathlib
import re
from collections.abc import Sequence

import numpy as np

from simclr_tf.boxes import (
    Detections,
    best_overlap,
    check_boxes,
    clip_boxes,
    non_maximum_suppression,
)
from simclr_tf.checks import check_at_least, check_between
from simclr_tf.data.decode import UnreadablePicture
from simclr_tf.data.drawings.annotated_drawing import AnnotatedDrawing
from simclr_tf.data.drawings.background import free_of_symbols
from simclr_tf.data.drawings.crop_files import (
    CORNERS,
    CropFiles,
    pixel_digest,
    read_crop_table,
)
from simclr_tf.data.drawings.crop_window import crop_windows, cut_window
from simclr_tf.data.drawings.crops import Crop, PagePixels, opened_page
from simclr_tf.data.drawings.page_ink import page_paper
from simclr_tf.data.picture_set import UNLABELLED, SkippedPicture
from simclr_tf.files import folder_written_beside

Pages = Sequence[tuple[PagePixels, AnnotatedDrawing]]
_ROUND = re.compile(r"round_(\d+)")


@dataclasses.dataclass(frozen=True)
class HardNegativeSettings:
    """Which false alarms become negatives.

    Attributes:
        margin: room on each side of a box, as a share of its longer side; as for the symbols.
        largest_iou: largest overlap (IoU) of a false alarm with any symbol, 0..1.
        duplicate_iou: of false alarms that overlap more, the most confident one stays, 0..1.
        least_score: less confident detections are left out.
        per_page: at most so many from a page in a round.
        per_round: at most so many in a round, the most confident of all pages.
    """

    margin: float = 0.15
    largest_iou: float = 0.1
    duplicate_iou: float = 0.5
    least_score: float = 0.0
    per_page: int = 50
    per_round: int = 2000

    def __post_init__(self) -> None:
        check_between("margin", self.margin, 0, 2)
        check_between("largest_iou", self.largest_iou, 0, 1)
        check_between("duplicate_iou", self.duplicate_iou, 0, 1)
        check_at_least("per_page", self.per_page, 1)
        check_at_least("per_round", self.per_round, 1)


@dataclasses.dataclass(frozen=True)
class HardNegativeReport:
    """What a round of `write_hard_negatives` wrote.

    Attributes:
        folder: of the round; None where there was nothing new.
        written: how many crops.
        known: false alarms of earlier rounds, and equal pictures, that were left out.
        skipped: pages and detections that could not be used, each with a line that names it.
    """

    folder: pathlib.Path | None
    written: int
    known: int
    skipped: tuple[SkippedPicture, ...]


def find_false_alarms(
    detections: Detections,
    boxes: np.ndarray,
    settings: HardNegativeSettings | None = None,
) -> Detections:
    """Returns the detections that show no symbol, most confident first, none twice.

    A detection that overlaps a symbol of whatever class by more than the settings allow is not
    background, and neither is one that holds half of a symbol: they are left out.

    Args:
        detections: What was found on a page, in any order.
        boxes: Of all symbols on that page, `[m, 4]`.
        settings: What counts.

    Raises:
        ValueError: The detections are no boxes with a finite score each.
    """
    settings = settings or HardNegativeSettings()
    found = check_boxes("detections.boxes", detections.boxes)
    scores, labels = np.asarray(detections.scores, np.float64), np.asarray(detections.labels)
    if not len(found) == len(labels) == len(scores) or not np.isfinite(scores).all():
        raise ValueError(
            "`detections` must have a label and a finite score for each box. Received: "
            f"{len(found)} boxes, {len(labels)} labels, scores={scores.tolist()[:10]}"
        )
    chosen = free_of_symbols(found, np.reshape(boxes, (-1, 4)), settings.largest_iou)
    rows = np.flatnonzero(chosen & (scores >= settings.least_score))
    kept = rows[
        non_maximum_suppression(found[rows], scores[rows], iou_threshold=settings.duplicate_iou)
    ]
    return Detections(found[kept], labels[kept], scores[kept])


def write_hard_negatives(
    folder: str | os.PathLike[str],
    pages: Pages,
    detections: Sequence[Detections],
    settings: HardNegativeSettings | None = None,
) -> HardNegativeReport:
    """Cuts the false alarms of one round of detection into `round_1`, `round_2`, … of a folder.

    What earlier rounds in the folder hold (the same place of the same page, or the same pixels)
    is left out. The files are numbered from the most confident on; `crops.csv` of the round says
    where each was cut and with which score. The folder as a whole is what a fine-tuning takes as
    its negatives. A round is written beside and then renamed.

    Args:
        folder: Of all rounds; made where it does not exist.
        pages: The training drawings: each page, or what reads it, with its symbols, see
            `drawing_pages`. Only pages with a false alarm are read, one at a time.
        detections: What was found on each page, in the same order.
        settings: Which false alarms are taken.

    Raises:
        ValueError: There are not as many detections as pages, or some are no boxes.
        OSError: The folder cannot be written.
    """
    settings = settings or HardNegativeSettings()
    root = pathlib.Path(folder).expanduser().absolute()
    if len(pages) != len(detections):
        raise ValueError(
            "`detections` must have an entry for each of the pages. Received: "
            f"{len(detections)} for {len(pages)} pages"
        )
    mine = _Mine(root, settings)
    for number, ((_, drawing), found) in enumerate(zip(pages, detections, strict=True)):
        mine.add_page(number, drawing, found)
    crops = mine.cut(pages)
    if not crops:
        return HardNegativeReport(None, 0, mine.known, tuple(mine.skipped))
    root.mkdir(parents=True, exist_ok=True)
    target = root / f"round_{max(_rounds(root), default=0) + 1}"
    with folder_written_beside(target) as beside:
        files = CropFiles(beside)
        for number, crop in enumerate(crops):
            files.add(crop, f"{number:05d}.png")
        files.write_table()
    return HardNegativeReport(target, len(crops), mine.known, tuple(mine.skipped))


@dataclasses.dataclass(frozen=True, eq=False)
class _Alarm:
    page: int
    window: np.ndarray
    score: float


class _Mine:
    """Gathers the new false alarms of all pages, then cuts the most confident ones."""

    def __init__(self, root: pathlib.Path, settings: HardNegativeSettings) -> None:
        self.known = 0
        self.skipped: list[SkippedPicture] = []
        self._settings = settings
        self._alarms: list[_Alarm] = []
        # Of earlier rounds: windows by page, and digests of the pixels.
        self._windows: dict[str, list[list[float]]] = collections.defaultdict(list)
        self._digests: set[str] = set()
        for path in _rounds(root).values():
            for row in read_crop_table(path):
                corners = [float(row[name]) for name in CORNERS]
                self._windows[row["page"]].append(corners)
                self._digests.add(row["sha256"])

    def add_page(self, number: int, drawing: AnnotatedDrawing, found: Detections) -> None:
        try:
            alarms = find_false_alarms(found, drawing.boxes, self._settings)
        except ValueError as error:
            raise ValueError(f"{drawing.path}: {error}") from error
        size = (drawing.width, drawing.height)
        on_page = clip_boxes(alarms.boxes, *size)
        beside = (on_page[:, 2:] <= on_page[:, :2]).any(axis=1)
        for row in np.flatnonzero(beside):
            corners = ", ".join(f"{value:.6g}" for value in alarms.boxes[row])
            reason = f"the detection [{corners}] has no area on the page of {size[0]} x {size[1]}"
            self.skipped.append(SkippedPicture(drawing.path, reason))
        windows, scores = crop_windows(on_page, self._settings.margin), alarms.scores
        # The margin may show a symbol that the detection itself does not touch.
        free = ~beside & free_of_symbols(windows, drawing.boxes, 1.0)
        windows, scores = windows[free], scores[free]
        known = best_overlap(windows, np.reshape(self._windows[drawing.path], (-1, 4)))[0]
        new = known <= self._settings.duplicate_iou
        self.known += int(np.count_nonzero(~new))
        chosen = np.flatnonzero(new)[: self._settings.per_page]
        self._alarms += [_Alarm(number, windows[row], float(scores[row])) for row in chosen]

    def cut(self, pages: Pages) -> list[Crop]:
        """Returns the crops of this round, most confident first, and counts those left out."""
        # Of equal scores the earlier page first, whatever the other pages hold.
        order = sorted(self._alarms, key=lambda alarm: (-alarm.score, alarm.page))
        chosen = order[: self._settings.per_round]
        crops: dict[int, Crop] = {}
        for number in sorted({alarm.page for alarm in chosen}):
            places = [place for place, alarm in enumerate(chosen) if alarm.page == number]
            pixels, drawing = pages[number]
            try:
                page = opened_page(pixels, drawing)
            except UnreadablePicture as error:
                self.skipped.append(SkippedPicture(drawing.path, str(error)))
                continue
            paper = page_paper(page)
            for place in places:
                window, score = chosen[place].window, chosen[place].score
                cut = cut_window(page, window, paper)
                crops[place] = Crop(cut, UNLABELLED, drawing.path, window, score)
        return self._without_copies([crops[place] for place in sorted(crops)])

    def _without_copies(self, crops: list[Crop]) -> list[Crop]:
        kept = []
        for crop in crops:
            digest = pixel_digest(crop.pixels)
            if digest in self._digests:
                self.known += 1
            else:
                self._digests.add(digest)
                kept.append(crop)
        return kept


def _rounds(root: pathlib.Path) -> dict[int, pathlib.Path]:
    """Returns the folders of earlier rounds by their numbers."""
    paths = list(root.iterdir()) if root.is_dir() else []
    found = [(_ROUND.fullmatch(path.name), path) for path in paths]
    return {int(match[1]): path for match, path in found if match}
