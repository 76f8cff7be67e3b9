r"""Find symbols on drawings by one or more examples of each.

    python experiments/detect.py --gallery=SYMBOLS --drawings=PAGES --encoder_dir=runs/finetune
    python experiments/detect.py --train_drawings=ANNOTATED --examples_per_class=1 \
        --drawings=OTHERS --evaluate --model_type=imagenet --weights=FILE.h5

SYMBOLS holds a folder of pictures for each class, or one picture for each; without it, the examples
are cut from annotated drawings, on which the scores are calibrated as well. Writes to --output_dir:
detections.json (COCO) and detections.csv with all boxes, pages/ with those drawn that are rather
right than wrong, index.html with their crops, the surest first, and metrics.json with --evaluate.
--least_drawn_score shows more or fewer of them. Without an encoder the pixels alone decide.
"""

from __future__ import annotations

import os
import pathlib
import sys
from typing import TYPE_CHECKING, Any

from absl import flags

from experiments import decoding_flags, launcher, model_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.detection.settings import DetectorSettings

if TYPE_CHECKING:
    from simclr_tf.data import DrawingSet, SkippedPicture
    from simclr_tf.detection import (
        DetectionResults,
        SearchedPage,
        SymbolDetector,
        SymbolGallery,
    )

_GALLERY = flags.DEFINE_string("gallery", None, "folder of pictures of symbols")
_DRAWINGS = flags.DEFINE_string("drawings", None, "folder of pages, a page, or a COCO file")
_TRAIN = flags.DEFINE_string("train_drawings", None, "annotated drawings: YOLO, COCO or Pascal VOC")
_EXAMPLES = flags.DEFINE_integer(
    "examples_per_class", 1, "boxes of each class cut from --train_drawings; 0 takes all"
)
_SEED = flags.DEFINE_integer("seed", 0, "of the choice of these boxes")
_NAMES = flags.DEFINE_string("names_file", None, "names of the classes of YOLO texts")
_BACKGROUND = flags.DEFINE_string("background", None, "folder of pages without any symbol")
_FALSE_ALARMS = flags.DEFINE_float(
    "false_alarms_per_page", 0.1, "accepted on --background with a score of 0.5 or more"
)
_EVALUATE = flags.DEFINE_bool("evaluate", False, "compare with the annotations of --drawings")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "runs/detect", "folder of the results")
_LEAST_DRAWN_SCORE = flags.DEFINE_float(
    "least_drawn_score", 0.5, "of the boxes on pages and in index.html; the lists hold all"
)
_SETTINGS = SettingsFlags(DetectorSettings)


def main() -> None:
    """Reads the flags, searches the pages and prints what was found."""
    settings = _SETTINGS.read()
    _check_flags()
    annotated = _read_drawings(_DRAWINGS.value) if _EVALUATE.value else None
    training = _read_drawings(_TRAIN.value) if _TRAIN.value else None
    root, paths = _pages(annotated)
    gallery = _read_gallery(training)
    detector = _prepared(gallery, settings, training)
    from simclr_tf.detection import detect_pages

    output = pathlib.Path(_OUTPUT_DIR.value).expanduser()
    results = detect_pages(
        detector,
        root,
        paths,
        gallery.class_names,
        output,
        least_drawn_score=_LEAST_DRAWN_SCORE.value,
        progress=_show,
    )
    for picture in results.skipped:
        _report(picture)
    if annotated is not None:
        _evaluate(results, annotated, gallery, output)
    print(f"Results: {output / 'index.html'}, {output / 'detections.csv'}")


def _check_flags() -> None:
    """Refuses flags that say too little before anything is read."""
    from simclr_tf.checks import check_at_least, check_between

    if not _DRAWINGS.value:
        raise ValueError("`drawings` must be given: the folder of the pages to search.")
    if not _GALLERY.value and not _TRAIN.value:
        raise ValueError(
            "`gallery` or `train_drawings` must be given: there is no example of a symbol without."
        )
    check_between("least_drawn_score", _LEAST_DRAWN_SCORE.value, 0.0, 1.0)
    check_at_least("examples_per_class", _EXAMPLES.value, 0)
    check_at_least("false_alarms_per_page", _FALSE_ALARMS.value, 0)


def _read_drawings(path: str) -> DrawingSet:
    from simclr_tf.data import read_drawings

    drawings = read_drawings(os.path.abspath(os.path.expanduser(path)), _NAMES.value)
    for picture in drawings.skipped:
        _report(picture)
    for warning in drawings.warnings:
        print(f"Warning: {warning}", file=sys.stderr)
    return drawings


def _read_gallery(training: DrawingSet | None) -> SymbolGallery:
    from simclr_tf.detection import cut_gallery, read_gallery

    if _GALLERY.value or training is None:
        gallery = read_gallery(os.path.expanduser(_GALLERY.value))
    else:
        gallery = cut_gallery(training, _EXAMPLES.value or None, _SEED.value)
    for picture in gallery.skipped:
        _report(picture)
    classes = len(set(gallery.labels.tolist()))
    print(f"Gallery: {len(gallery.examples)} examples of {classes} classes")
    return gallery


def _prepared(
    gallery: SymbolGallery, settings: DetectorSettings, training: DrawingSet | None
) -> SymbolDetector:
    encoder, image_size = _read_encoder()
    from simclr_tf.detection import SymbolDetector
    from simclr_tf.detection.preparing import calibrate_on_background, calibrate_on_drawings

    detector = SymbolDetector(encoder, gallery, settings, image_size=image_size)
    if training is not None:
        print(f"Calibrating on {len(training)} annotated drawings")
        if not calibrate_on_drawings(detector, training, _report):
            print(
                "Warning: beside the examples themselves, no symbol of their classes was found "
                "on the annotated drawings: the general calibration stays.",
                file=sys.stderr,
            )
    if _BACKGROUND.value:
        root, paths = _folder_of(_BACKGROUND.value, "background")
        print(f"Calibrating on {len(paths)} pages without symbols")
        pages = [os.path.join(root, path) for path in paths]
        calibrate_on_background(detector, pages, _FALSE_ALARMS.value, _report)
    return detector


def _read_encoder() -> tuple[Any, int]:
    """Returns the encoder, or None where none is asked for, and the size of its pictures."""
    if not any(flags.FLAGS[name].value for name in ("encoder_dir", "model_type")):
        print("No encoder is given: the pixels alone decide.")
        return None, decoding_flags.IMAGE_SIZE.value
    source = model_flags.read_source()
    size = model_flags.take_size_of_encoder()
    launcher.import_tensorflow()
    return source.load(), size


def _pages(annotated: DrawingSet | None) -> tuple[str, list[str]]:
    """Returns a folder, and the paths in it of the pages to search."""
    if annotated is None:
        return _folder_of(_DRAWINGS.value, "drawings")
    paths = [drawing.path for drawing in annotated.drawings]
    root = os.path.commonpath([os.path.dirname(path) for path in paths])
    return root, [os.path.relpath(path, root) for path in paths]


def _folder_of(name: str, flag: str) -> tuple[str, list[str]]:
    from simclr_tf.data.folder_scan import scan_folder

    folder = pathlib.Path(name).expanduser()
    if folder.is_file():
        return os.fspath(folder.parent), [folder.name]
    if not folder.is_dir():
        raise ValueError(f"`{flag}` must be an existing folder or page. Received: {flag}={name!r}")
    files, skipped = scan_folder(os.fspath(folder))
    for picture in skipped:
        _report(picture)
    if not files:
        raise ValueError(f"`{flag}` must hold pictures of pages. Received: {flag}={name!r}")
    return os.fspath(folder), [file.path for file in files]


def _evaluate(
    results: DetectionResults,
    annotated: DrawingSet,
    gallery: SymbolGallery,
    output: pathlib.Path,
) -> None:
    from simclr_tf.detection import detection_metrics
    from simclr_tf.detection.preparing import true_boxes
    from simclr_tf.files import write_json

    by_path, class_names = true_boxes(annotated, gallery.class_names)
    root, _ = _pages(annotated)
    truth = {os.path.relpath(path, root): drawing for path, drawing in by_path.items()}
    metrics = detection_metrics(results, truth, class_names)
    write_json(output / "metrics.json", metrics)
    print(f"\n{'class':24}{'boxes':>7}{'AP@.5':>8}")
    for name, figures in metrics["per_class"].items():
        if figures["count"]:
            print(f"{name:24}{figures['count']:7}{figures['ap_50']:8.3f}")
    print(
        f"mAP@.5 {metrics['map_50']:.3f}, mAP@[.5:.95] {metrics['map_50_95']:.3f}, "
        f"{metrics['seconds_per_page']:.1f} seconds a page"
    )


def _show(page: SearchedPage) -> None:
    note = "" if page.note is None else f": {page.note}"
    found = len(page.detections.at_least(_LEAST_DRAWN_SCORE.value).labels)
    unsure = len(page.detections.labels) - found
    print(
        f"{page.path}: {found} symbols and {unsure} less sure, {page.seconds:.1f} s{note}",
        flush=True,
    )


def _report(picture: SkippedPicture) -> None:
    print(f"Skipped {picture.path}: {picture.reason}", file=sys.stderr)


if __name__ == "__main__":
    launcher.launch(main)
