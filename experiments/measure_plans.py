r"""Measure the symbol detector on the embedded `floor_plans`.

    python experiments/measure_plans.py --split=validation
    python experiments/measure_plans.py --split=test --encoder_dir=runs/finetune

Every class has one clean picture in the gallery, as in a legend. The scores are calibrated on pages
of `train`; a quarter of the classes stands on the pages of `test` only and is not trained on: they
are seen once, in the gallery. Writes --output_dir/metrics.json: the measures of all classes, and
apart those of the classes seen in training and of those seen once, and how often all four of a
symbol seen once that stands four times on a page are found. Without an encoder the pixels alone
decide. Choose settings on `validation`; `test` is for the figures that are reported.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import pathlib
import time
from typing import TYPE_CHECKING, Any

from absl import flags

from experiments import decoding_flags, launcher, model_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.detection.settings import DetectorSettings

if TYPE_CHECKING:
    from simclr_tf.boxes import Detections
    from simclr_tf.data import AnnotatedDrawing
    from simclr_tf.data.floor_plans.symbol_choice import PlanClasses
    from simclr_tf.detection import SymbolDetector

_SPLIT = flags.DEFINE_enum("split", "validation", ["validation", "test"], "pages to measure on")
_CONFIG = flags.DEFINE_enum("config", "default", ["default", "tiny"], "of floor_plans")
_CALIBRATION_PAGES = flags.DEFINE_integer("calibration_pages", 24, "of train, at least 1")
_MAX_PAGES = flags.DEFINE_integer("max_pages", 0, "first pages of the split; 0 takes all")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "runs/floor_plans", "folder of metrics.json")
# A drafter's symbols stand at quarter turns and at any other angle.
_SETTINGS = SettingsFlags(
    DetectorSettings, DetectorSettings(angles=12, smallest_symbol=20, largest_symbol=66)
)


def main() -> None:
    """Reads the flags, calibrates, searches the pages and writes the measures."""
    settings = _SETTINGS.read()
    _check_flags()
    encoder, image_size = model_flags.load_if_given()
    launcher.import_tensorflow()
    from simclr_tf.data.tfds_builder import prepared_builder
    from simclr_tf.detection import SymbolDetector
    from simclr_tf.detection.drawn_gallery import drawn_gallery
    from simclr_tf.files import write_json

    builder = prepared_builder(f"floor_plans/{_CONFIG.value}", decoding_flags.CACHE_DIR.value)
    gallery = drawn_gallery(builder.classes.classes)
    detector = SymbolDetector(encoder, gallery, settings, image_size=image_size)
    print(f"Calibrating on {_CALIBRATION_PAGES.value} pages of train", flush=True)
    detector.calibrate(_pages("train", _CALIBRATION_PAGES.value))
    truth, found, seconds = _search(detector)
    metrics = {
        **_measures(truth, found, builder.classes),
        "seconds_per_page": sum(seconds) / len(seconds),
        "split": _SPLIT.value,
        "calibration_pages": _CALIBRATION_PAGES.value,
        "settings": dataclasses.asdict(settings),
        "encoder": model_flags.read_source().description() if model_flags.is_given() else None,
    }
    output = pathlib.Path(_OUTPUT_DIR.value).expanduser()
    output.mkdir(parents=True, exist_ok=True)
    write_json(output / "metrics.json", metrics)
    _print(metrics)
    print(f"Results: {output / 'metrics.json'}")


def _check_flags() -> None:
    from simclr_tf.checks import check_at_least

    check_at_least("calibration_pages", _CALIBRATION_PAGES.value, 1)
    check_at_least("max_pages", _MAX_PAGES.value, 0)


def _pages(split: str, count: int) -> Any:
    from simclr_tf.data.floor_plans import floor_plan_pages

    pages = floor_plan_pages(
        split, config=_CONFIG.value, cache_dir=decoding_flags.CACHE_DIR.value
    )
    return itertools.islice(pages, count or None)


def _search(
    detector: SymbolDetector,
) -> tuple[list[AnnotatedDrawing], list[Detections], list[float]]:
    truth, found, seconds = [], [], []
    for page, drawing in _pages(_SPLIT.value, _MAX_PAGES.value):
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
    return {
        **group_metrics(truth, found, every, classes.names),
        "seen_in_training": group_metrics(truth, found, classes.seen, classes.names),
        "seen_once": group_metrics(truth, found, classes.unseen, classes.names),
        "four_on_a_page": repeated_symbols(truth, found, classes.unseen),
    }


def _print(metrics: dict[str, Any]) -> None:
    for name in ("seen_in_training", "seen_once"):
        group = metrics[name]
        if group["boxes"]:
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
