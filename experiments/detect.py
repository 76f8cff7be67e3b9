r"""Find symbols on drawings by one or more examples of each.

    python experiments/detect.py --gallery=SYMBOLS --drawings=PAGES --encoder_dir=runs/finetune
    python experiments/detect.py --train_drawings=ANNOTATED --examples_per_class=1 \
        --drawings=OTHERS --evaluate --model_type=imagenet --weights=FILE.h5

SYMBOLS holds a folder of pictures for each class, or one picture for each; without it, the examples
are cut from annotated drawings, on which the scores are calibrated as well. Writes to --output_dir:
detections.json (COCO) and detections.csv with all boxes, pages/ with those drawn that are rather
right than wrong, index.html with their crops, the surest first, and metrics.json with --evaluate.
--least_drawn_score shows more or fewer of them. Without an encoder the pixels alone decide. Pages
of PDF files are drawn at --pdf_dpi and called FILE_page_1; they need pip install simclr_tf[pdf].
"""

from __future__ import annotations

import os
import pathlib
from typing import TYPE_CHECKING

from absl import flags

from experiments import detector_flags, launcher, model_flags

if TYPE_CHECKING:
    from simclr_tf.data import DrawingSet
    from simclr_tf.detection import DetectionResults, SearchedPage, SymbolGallery

_DRAWINGS = flags.DEFINE_string("drawings", None, "folder of pages, a page or PDF, or a COCO file")
_PDF_DPI = flags.DEFINE_integer("pdf_dpi", 200, "dots an inch at which pages of PDF are drawn")
_EVALUATE = flags.DEFINE_bool("evaluate", False, "compare with the annotations of --drawings")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "runs/detect", "folder of the results")
_LEAST_DRAWN_SCORE = flags.DEFINE_float(
    "least_drawn_score", 0.5, "of the boxes on pages and in index.html; the lists hold all"
)


def main() -> None:
    """Reads the flags, searches the pages and prints what was found."""
    settings = detector_flags.read_settings()
    _check_flags()
    annotated = detector_flags.read_drawings(_DRAWINGS.value) if _EVALUATE.value else None
    training = detector_flags.read_training()
    root, paths = _pages(annotated)
    gallery = detector_flags.read_gallery(training)
    detector = detector_flags.prepared_detector(
        *model_flags.load_if_given(), gallery, settings, training
    )
    from simclr_tf.detection import detect_pages

    output = pathlib.Path(_OUTPUT_DIR.value).expanduser()
    results = detect_pages(
        detector,
        root,
        paths,
        gallery.class_names,
        output,
        least_drawn_score=_LEAST_DRAWN_SCORE.value,
        pdf_dpi=_PDF_DPI.value,
        progress=_show,
    )
    for picture in results.skipped:
        detector_flags.report(picture)
    if annotated is not None:
        _evaluate(results, annotated, gallery, output)
    print(f"Results: {output / 'index.html'}, {output / 'detections.csv'}")


def _check_flags() -> None:
    """Refuses flags that say too little before anything is read."""
    from simclr_tf.checks import check_between
    from simclr_tf.data.pdf_file import check_dpi

    if not _DRAWINGS.value:
        raise ValueError("`drawings` must be given: the folder of the pages to search.")
    if not detector_flags.is_given():
        raise ValueError(
            "`gallery` or `train_drawings` must be given: there is no example of a symbol without."
        )
    check_between("least_drawn_score", _LEAST_DRAWN_SCORE.value, 0.0, 1.0)
    check_dpi(_PDF_DPI.value, "pdf_dpi")


def _pages(annotated: DrawingSet | None) -> tuple[str, list[str]]:
    """Returns a folder, and the paths in it of the pages to search."""
    from simclr_tf.data.pdf_file import PDF_EXTENSION, import_pdfium, is_pdf

    if annotated is None:
        root, paths = detector_flags.folder_of(_DRAWINGS.value, "drawings", [PDF_EXTENSION])
        if any(map(is_pdf, paths)):
            import_pdfium()
        return root, paths
    paths = [drawing.path for drawing in annotated.drawings]
    root = os.path.commonpath([os.path.dirname(path) for path in paths])
    return root, [os.path.relpath(path, root) for path in paths]


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


if __name__ == "__main__":
    launcher.launch(main)
