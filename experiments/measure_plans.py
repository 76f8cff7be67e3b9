r"""Measure the symbol detector on the embedded `floor_plans`.

    python experiments/measure_plans.py --split=validation
    python experiments/measure_plans.py --split=test --encoder_dir=runs/finetune
    python experiments/measure_plans.py --split=test --symbols_dir=FOLDER

Every class has one clean picture in the gallery, as in a legend. A quarter of the classes stands on
the pages of `test` only: an encoder trained on crops of `train` (cut_crops.py without --drawings)
has not seen them, and the gallery's picture is the only one of them. Writes
--output_dir/metrics.json: the measures of all classes, and apart those of the classes seen in
training and of those seen once, and how often all four of a symbol seen once that stands four times
on a page are found. Without an encoder the pixels alone decide. --calibration_pages fits the scores
to plans of a third kind of classes, which stand nowhere else; --background_pages then lowers the
classes that raise alarms on plans without symbols. Choose settings on `validation`; `test` is for
the figures that are reported.

With --symbols_dir your own symbols stand on the plans: the first picture of each class, in its own
colours, at all sizes and angles. The gallery is that folder.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import time
from typing import TYPE_CHECKING, Any

from absl import flags

from experiments import launcher, model_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.detection.settings import DetectorSettings

if TYPE_CHECKING:
    from simclr_tf.boxes import Detections
    from simclr_tf.data import AnnotatedDrawing
    from simclr_tf.data.floor_plans.symbol_choice import PlanClasses
    from simclr_tf.detection import SymbolDetector
    from simclr_tf.detection.calibration import Calibration
    from simclr_tf.detection.gallery import SymbolGallery

_SPLIT = flags.DEFINE_enum("split", "validation", ["validation", "test"], "pages to measure on")
_SYMBOLS_DIR = flags.DEFINE_string(
    "symbols_dir", None, "pictures of your own symbols, as `--gallery` of detect.py takes them"
)
_CLASS_COUNT = flags.DEFINE_integer("class_count", 60, "embedded classes; fewer for a trial")
_CALIBRATION_PAGES = flags.DEFINE_integer(
    "calibration_pages", 0, "plans to calibrate on, at most 120; 0 keeps the general calibration"
)
_BACKGROUND_PAGES = flags.DEFINE_integer(
    "background_pages", 0, "plans without symbols that may raise few alarms, at most 120"
)
_MAX_PAGES = flags.DEFINE_integer("max_pages", 0, "first pages of the split; 0 takes all")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "runs/floor_plans", "folder of metrics.json")
# A drafter's symbols stand at quarter turns and at any other angle.
_SETTINGS = SettingsFlags(
    DetectorSettings,
    DetectorSettings(
        angles=12,
        smallest_symbol=20,
        largest_symbol=66,
        # A bold letter is missed between two sizes that lie far apart.
        size_step=1.15,
        # Where so many classes look alike, small windows would hide what tells them apart.
        window_pixels=16,
        places_per_class=60,
        least_similarity=0.5,
        # Ranks of a class that was lowered matter, too.
        least_score=0.001,
    ),
)


def main() -> None:
    """Reads the flags, calibrates, searches the pages and writes the measures."""
    settings = _SETTINGS.read()
    _check_flags()
    encoder, image_size = model_flags.load_if_given()
    from simclr_tf.detection import SymbolDetector
    from simclr_tf.files import write_json

    classes, gallery = _own_symbols() if _SYMBOLS_DIR.value else _embedded_symbols()
    detector = SymbolDetector(
        encoder,
        gallery,
        settings,
        image_size=image_size,
        calibration=_calibration(encoder, settings, image_size),
    )
    _lower_alarms(detector)
    truth, found, seconds = _search(detector, classes)
    metrics = {
        **_measures(truth, found, classes),
        "seconds_per_page": sum(seconds) / len(seconds),
        "split": _SPLIT.value,
        "calibration_pages": _CALIBRATION_PAGES.value,
        "background_pages": _BACKGROUND_PAGES.value,
        "penalties": _penalties(detector),
        "classes": len(classes.classes),
        "symbols_dir": _SYMBOLS_DIR.value,
        "settings": dataclasses.asdict(settings),
        "encoder": model_flags.read_source().description() if model_flags.is_given() else None,
    }
    output = pathlib.Path(_OUTPUT_DIR.value).expanduser()
    output.mkdir(parents=True, exist_ok=True)
    write_json(output / "metrics.json", metrics)
    _print(metrics)
    print(f"Results: {output / 'metrics.json'}")


def _embedded_symbols() -> tuple[PlanClasses, SymbolGallery]:
    from simclr_tf.data.floor_plans import plan_classes
    from simclr_tf.detection.drawn_gallery import drawn_gallery

    classes = plan_classes(_CLASS_COUNT.value)
    return classes, drawn_gallery(classes.classes)


def _calibration(encoder: Any, settings: DetectorSettings, image_size: int) -> Calibration | None:
    """Returns what is fitted to plans with symbols of neither training nor test, if asked for."""
    count = _CALIBRATION_PAGES.value
    if not count:
        return None
    from simclr_tf.data.floor_plans.further_pages import (
        MOST_CALIBRATING,
        calibration_classes,
        calibration_pages,
    )
    from simclr_tf.detection import SymbolDetector
    from simclr_tf.detection.drawn_gallery import drawn_gallery

    print(f"Calibrating on {count} plans with other symbols", flush=True)
    others = calibration_classes(min(_CLASS_COUNT.value, MOST_CALIBRATING))
    gallery = drawn_gallery(others.classes)
    detector = SymbolDetector(encoder, gallery, settings, image_size=image_size)
    return detector.calibrate(calibration_pages(others, count))


def _lower_alarms(detector: SymbolDetector) -> None:
    if _BACKGROUND_PAGES.value:
        from simclr_tf.data.floor_plans.further_pages import background_pages

        print(f"Searching {_BACKGROUND_PAGES.value} plans without symbols", flush=True)
        detector.calibrate_background(background_pages(_BACKGROUND_PAGES.value))


def _penalties(detector: SymbolDetector) -> dict[str, float]:
    names = detector.gallery.class_names
    return {names[row]: float(detector.penalties[row]) for row in detector.penalties.nonzero()[0]}


def _own_symbols() -> tuple[PlanClasses, SymbolGallery]:
    from simclr_tf.data.floor_plans import PlanClasses
    from simclr_tf.detection import read_gallery
    from simclr_tf.detection.gallery import picture_symbols

    gallery = read_gallery(_SYMBOLS_DIR.value)
    for picture in gallery.skipped:
        print(f"Warning: {picture.path} is left out: {picture.reason}")
    symbols = picture_symbols(gallery, _SYMBOLS_DIR.value)
    return PlanClasses(symbols, seen=tuple(range(len(symbols))), unseen=()), gallery


def _check_flags() -> None:
    from simclr_tf.checks import check_at_least, check_between
    from simclr_tf.data.floor_plans.drawn_pages import PAGE_COUNTS

    check_at_least("class_count", _CLASS_COUNT.value, 4)
    check_between("calibration_pages", _CALIBRATION_PAGES.value, 0, PAGE_COUNTS["train"])
    check_between("background_pages", _BACKGROUND_PAGES.value, 0, PAGE_COUNTS["train"])
    check_at_least("max_pages", _MAX_PAGES.value, 0)


def _search(
    detector: SymbolDetector, classes: PlanClasses
) -> tuple[list[AnnotatedDrawing], list[Detections], list[float]]:
    from simclr_tf.data.floor_plans import draw_pages
    from simclr_tf.data.floor_plans.drawn_pages import PAGE_COUNTS

    truth, found, seconds = [], [], []
    count = min(_MAX_PAGES.value or PAGE_COUNTS[_SPLIT.value], PAGE_COUNTS[_SPLIT.value])
    for page, drawing in draw_pages(classes, _SPLIT.value, range(count)):
        start = time.perf_counter()
        found.append(detector.detect(page))
        seconds.append(time.perf_counter() - start)
        truth.append(drawing)
        name = os.path.basename(drawing.path)
        print(f"{name}: {len(drawing)} symbols, {seconds[-1]:.1f} s", flush=True)
    return truth, found, seconds


def _measures(
    truth: list[AnnotatedDrawing], found: list[Detections], classes: PlanClasses
) -> dict[str, Any]:
    from simclr_tf.detection.class_groups import group_metrics, repeated_symbols

    every = range(len(classes.classes))
    groups = {"seen_in_training": classes.seen, "seen_once": classes.unseen}
    if _SYMBOLS_DIR.value:
        groups = {"seen_once": every}
    return {
        **group_metrics(truth, found, every, classes.names),
        **{
            name: group_metrics(truth, found, labels, classes.names)
            for name, labels in groups.items()
        },
        "four_on_a_page": repeated_symbols(truth, found, groups["seen_once"]),
    }


def _print(metrics: dict[str, Any]) -> None:
    for name in ("seen_in_training", "seen_once"):
        group = metrics.get(name)
        if group and group["boxes"]:
            print(
                f"{name}: {group['boxes']} boxes, mAP@.5 {group['map_50']:.3f}, "
                f"recall {group['at_precision']['recall']:.3f} at precision .95"
            )
    four = metrics["four_on_a_page"]
    if four["cases"]:
        print(
            f"four_on_a_page: {four['cases']} cases, all found without a false alarm in "
            f"{four['all_found_no_false_alarm']:.3f}"
        )


if __name__ == "__main__":
    launcher.launch(main)
