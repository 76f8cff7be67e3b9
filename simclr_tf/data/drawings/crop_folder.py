"""From annotated drawings to an image folder of labelled crops, which every script takes."""

from __future__ import annotations

import collections
import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from simclr_tf.checks import check_one_of
from simclr_tf.data.decode import UnreadablePicture
from simclr_tf.data.drawings.annotated_drawing import AnnotatedDrawing
from simclr_tf.data.drawings.class_folders import UNLABELLED_FOLDER, class_folders
from simclr_tf.data.drawings.crop_files import CropFiles
from simclr_tf.data.drawings.crop_settings import CropSettings
from simclr_tf.data.drawings.crops import PageCrops, PagePixels, cut_page, opened_page
from simclr_tf.data.picture_set import UNLABELLED, SkippedPicture
from simclr_tf.data.splits import SPLIT_NAMES, TRAIN
from simclr_tf.files import folder_written_beside

Pages = Iterable[tuple[PagePixels, AnnotatedDrawing]]


@dataclasses.dataclass(frozen=True)
class CropReport:
    """What `write_crops` wrote.

    Attributes:
        folder: where.
        counts: crops of each class that has any, by its name.
        backgrounds: windows without a symbol.
        pages: pages that were read.
        skipped: pages and boxes that could not be used, each with a line that names it.
    """

    folder: pathlib.Path
    counts: dict[str, int]
    backgrounds: int
    pages: int
    skipped: tuple[SkippedPicture, ...]


def write_crops(
    folder: str | os.PathLike[str],
    pages: Mapping[str, Pages] | Pages,
    class_names: Sequence[str],
    settings: CropSettings | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> CropReport:
    """Cuts the symbols of drawings into an image folder with a sub-folder for each class.

    Backgrounds go into `unlabelled/`: training without labels sees them, training with labels
    leaves them out unless it is told that they are negatives. With several splits there are
    `train/`, `validation/` and `test/` with the classes in each, and backgrounds of the train
    pages alone. `crops.csv` says where each crop was cut. The same pages and seed give the same
    files, byte for byte. Written beside and then renamed: a stop leaves nothing half-written.

    Args:
        folder: Folder to make; it must not exist, or be empty.
        pages: Each page, or what reads it, with its boxes, see `drawing_pages`; or these by split.
        class_names: Name of every label.
        settings: How to cut.
        progress: Called with the number of pages done.

    Returns:
        What was written, and what was skipped.

    Raises:
        ValueError: The folder has something in it, a split is unknown, or nothing could be cut.
        OSError: The folder cannot be written.
    """
    settings = settings or CropSettings()
    target = _empty_place(folder)
    by_split = dict(pages) if isinstance(pages, Mapping) else {TRAIN: pages}
    for split in by_split:
        check_one_of("split", split, SPLIT_NAMES)
    with folder_written_beside(target) as beside:
        writer = _Writer(CropFiles(beside), class_names, settings, len(by_split) > 1, progress)
        for split, its_pages in by_split.items():
            writer.write(split, its_pages)
        if not writer.counts:
            reason = f": {writer.skipped[0].reason}" if writer.skipped else ""
            raise ValueError(f"There is no symbol to be cut out of the drawings{reason}.")
        writer.files.write_table()
    return CropReport(
        target, dict(writer.counts), writer.backgrounds, writer.pages, tuple(writer.skipped)
    )


def _empty_place(folder: str | os.PathLike[str]) -> pathlib.Path:
    target = pathlib.Path(folder).expanduser().absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ValueError(
            "`folder` must not exist yet or be an empty folder: crops are not mixed with what is "
            f"there. Received: folder={os.fspath(folder)!r}"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


class _Writer:
    """Cuts and writes page after page."""

    def __init__(
        self,
        files: CropFiles,
        class_names: Sequence[str],
        settings: CropSettings,
        with_splits: bool,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.files = files
        self.counts: collections.Counter[str] = collections.Counter()
        self.backgrounds = 0
        self.pages = 0
        self.skipped: list[SkippedPicture] = []
        self._class_names = tuple(class_names)
        self._folders = class_folders(class_names)
        self._settings = settings
        self._with_splits = with_splits
        self._progress = progress
        # Sides of backgrounds on a page without a symbol: those of the symbols so far.
        self._sides = np.zeros(0)

    def write(self, split: str, pages: Pages) -> None:
        for pixels, drawing in pages:
            try:
                page = opened_page(pixels, drawing)
            except UnreadablePicture as error:
                self.skipped.append(SkippedPicture(drawing.path, str(error)))
            else:
                # Nothing can use a picture without label in a held-out split.
                count = self._settings.backgrounds_per_page if split == TRAIN else 0
                cut = cut_page(
                    page,
                    drawing,
                    self._settings,
                    class_count=len(self._class_names),
                    background_count=count,
                    usual_sides=self._sides,
                )
                self._add(cut, f"{split}/" if self._with_splits else "")
            self.pages += 1
            if self._progress is not None:
                self._progress(self.pages)

    def _add(self, cut: PageCrops, prefix: str) -> None:
        self.skipped += cut.skipped
        sides = [self._sides]
        for number, crop in enumerate(cut.crops):
            file = f"{self.pages:05d}_{number:04d}.png"
            if crop.label == UNLABELLED:
                self.backgrounds += 1
                self.files.add(crop, f"{UNLABELLED_FOLDER}/{file}")
                continue
            name = self._class_names[crop.label]
            self.counts[name] += 1
            sides.append(np.array([len(crop.pixels)], np.float64))
            self.files.add(crop, f"{prefix}{self._folders[crop.label]}/{file}", name)
        self._sides = np.concatenate(sides)
