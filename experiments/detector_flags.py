"""The flags that say which symbols are looked for and how, shared by what finds symbols."""

from __future__ import annotations

import os
import pathlib
import sys
from typing import TYPE_CHECKING, Any

from absl import flags

from experiments.settings_flags import SettingsFlags
from simclr_tf.detection.settings import DetectorSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simclr_tf.data import DrawingSet, SkippedPicture
    from simclr_tf.detection import SymbolDetector, SymbolGallery

GALLERY = flags.DEFINE_string("gallery", None, "folder of pictures of symbols")
TRAIN_DRAWINGS = flags.DEFINE_string(
    "train_drawings", None, "annotated drawings: YOLO, COCO or Pascal VOC"
)
_EXAMPLES = flags.DEFINE_integer(
    "examples_per_class", 1, "boxes of each class cut from --train_drawings; 0 takes all"
)
_SEED = flags.DEFINE_integer("seed", 0, "of the choice of these boxes")
_NAMES = flags.DEFINE_string("names_file", None, "names of the classes of YOLO texts")
_BACKGROUND = flags.DEFINE_string("background", None, "folder of pages without any symbol")
_FALSE_ALARMS = flags.DEFINE_float(
    "false_alarms_per_page", 0.1, "accepted on --background with a score of 0.5 or more"
)
_SETTINGS = SettingsFlags(DetectorSettings)


def is_given() -> bool:
    """Returns whether any symbols are given to look for."""
    return bool(GALLERY.value or TRAIN_DRAWINGS.value)


def read_settings() -> DetectorSettings:
    """Returns how symbols are looked for.

    Raises:
        ValueError: A flag is out of range.
    """
    from simclr_tf.checks import check_at_least

    check_at_least("examples_per_class", _EXAMPLES.value, 0)
    check_at_least("false_alarms_per_page", _FALSE_ALARMS.value, 0)
    return _SETTINGS.read()


def read_drawings(path: str) -> DrawingSet:
    """Returns annotated drawings, and prints what is wrong with some of them."""
    from simclr_tf.data import read_drawings as read

    drawings = read(os.path.abspath(os.path.expanduser(path)), _NAMES.value)
    for picture in drawings.skipped:
        report(picture)
    for warning in drawings.warnings:
        print(f"Warning: {warning}", file=sys.stderr)
    return drawings


def read_training() -> DrawingSet | None:
    """Returns the drawings that examples and calibration come from, if any."""
    return read_drawings(TRAIN_DRAWINGS.value) if TRAIN_DRAWINGS.value else None


def read_gallery(training: DrawingSet | None) -> SymbolGallery:
    """Returns the examples: those of `--gallery`, or boxes of the training drawings."""
    from simclr_tf.detection import cut_gallery
    from simclr_tf.detection import read_gallery as read

    if GALLERY.value or training is None:
        gallery = read(os.path.expanduser(GALLERY.value))
    else:
        gallery = cut_gallery(training, _EXAMPLES.value or None, _SEED.value)
    for picture in gallery.skipped:
        report(picture)
    classes = len(set(gallery.labels.tolist()))
    print(f"Gallery: {len(gallery.examples)} examples of {classes} classes")
    return gallery


def prepared_detector(
    encoder: Any,
    image_size: int,
    gallery: SymbolGallery,
    settings: DetectorSettings,
    training: DrawingSet | None,
) -> SymbolDetector:
    """Returns a detector, calibrated on the drawings and the background that are given."""
    from simclr_tf.detection import SymbolDetector
    from simclr_tf.detection.preparing import calibrate_on_background, calibrate_on_drawings

    detector = SymbolDetector(encoder, gallery, settings, image_size=image_size)
    if training is not None:
        print(f"Calibrating on {len(training)} annotated drawings")
        if not calibrate_on_drawings(detector, training, report):
            print(
                "Warning: beside the examples themselves, no symbol of their classes was found "
                "on the annotated drawings: the general calibration stays.",
                file=sys.stderr,
            )
    if _BACKGROUND.value:
        root, paths = folder_of(_BACKGROUND.value, "background")
        print(f"Calibrating on {len(paths)} pages without symbols")
        pages = [os.path.join(root, path) for path in paths]
        calibrate_on_background(detector, pages, _FALSE_ALARMS.value, report)
    return detector


def folder_of(name: str, flag: str, more: Sequence[str] = ()) -> tuple[str, list[str]]:
    """Returns a folder, and the paths in it of its pages; of a single page its own folder.

    Args:
        name: The folder or page.
        flag: That it was given with.
        more: Further extensions of files that are pages, beside those of pictures.

    Raises:
        ValueError: There is no such folder or page, or no page in the folder.
    """
    from simclr_tf.data.folder_scan import EXTENSIONS, scan_folder

    folder = pathlib.Path(name).expanduser()
    if folder.is_file():
        return os.fspath(folder.parent), [folder.name]
    if not folder.is_dir():
        raise ValueError(f"`{flag}` must be an existing folder or page. Received: {flag}={name!r}")
    files, skipped = scan_folder(os.fspath(folder), (*EXTENSIONS, *more))
    for picture in skipped:
        report(picture)
    if not files:
        raise ValueError(f"`{flag}` must hold pictures of pages. Received: {flag}={name!r}")
    return os.fspath(folder), [file.path for file in files]


def report(picture: SkippedPicture) -> None:
    """Prints why a picture or page is left out."""
    print(f"Skipped {picture.path}: {picture.reason}", file=sys.stderr)
