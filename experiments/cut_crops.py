r"""Cut the symbols out of annotated drawings: an image folder that every other script takes.

    python experiments/cut_crops.py --drawings=FOLDER --output_dir=crops
    python experiments/pretrain.py --data_dir=crops --augment=drawing --image_size=64
    python experiments/finetune.py --data_dir=crops --augment=drawing --image_size=64 \
        --negatives_dir=crops/unlabelled

The drawings have boxes in YOLO texts, a COCO file or Pascal VOC files; a folder whose sub-folders
are `train`, `validation` and `test` keeps these splits by drawing. Without `--drawings` they are
the embedded `floor_plans`; with `--more_classes=600` also as many further classes of symbols, on
further plans, and a clean picture of every class: who has seen many classes tells new ones apart.
Those that are on the plans of `test` only are never among them. Writes a folder for each class,
`unlabelled/` with windows of the (training) pages that show ink but no symbol, and crops.csv, which
says where each was cut.
"""

from __future__ import annotations

import itertools
import pathlib
import sys
from typing import TYPE_CHECKING

from absl import flags
from tqdm import tqdm

from experiments import launcher
from experiments.settings_flags import SettingsFlags
from simclr_tf.data.drawings.crop_settings import CropSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simclr_tf.data.drawings.crop_folder import Pages
    from simclr_tf.data.picture_set import SkippedPicture

_DRAWINGS = flags.DEFINE_string("drawings", None, "folder (or COCO file) of annotated drawings")
_NAMES_FILE = flags.DEFINE_string("names_file", None, "names of YOLO's classes, one a line")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "crops", "folder to make; it must be empty")
_MORE_CLASSES = flags.DEFINE_integer(
    "more_classes", 0, "further classes of symbols beside those of floor_plans, at most 1880"
)
_CACHE_DIR = flags.DEFINE_string("cache_dir", None, "of floor_plans; ~/.cache/simclr_tf if unset")
_SETTINGS = SettingsFlags(CropSettings)
_SPLITS = ("train", "validation", "test")
_SHOWN = 5


def main() -> None:
    """Reads the flags and cuts."""
    settings = _SETTINGS.read()
    if _DRAWINGS.value is not None and _MORE_CLASSES.value:
        raise ValueError(
            "`more_classes` are drawn beside the embedded floor_plans: leave `drawings` out. "
            f"Received: more_classes={_MORE_CLASSES.value}, drawings={_DRAWINGS.value!r}"
        )
    from simclr_tf.data.drawings import write_crops

    pages, class_names, unread = _embedded() if _DRAWINGS.value is None else _read_drawings()
    with tqdm(desc="cutting", unit=" pages", leave=False, delay=1) as bar:
        report = write_crops(
            _OUTPUT_DIR.value,
            pages,
            class_names,
            settings,
            progress=lambda done: bar.update(done - bar.n),
        )
    skipped = [*unread, *report.skipped]
    print(
        f"{report.folder}: {sum(report.counts.values())} crops of {len(report.counts)} classes and "
        f"{report.backgrounds} backgrounds from {report.pages} pages, {len(skipped)} skipped"
    )
    _name(skipped)


def _read_drawings() -> tuple[dict[str, Pages], tuple[str, ...], list[SkippedPicture]]:
    """Returns pages by split, class names and what cannot be used of the drawings asked for."""
    from simclr_tf.data.drawings import drawing_pages, read_drawings
    from simclr_tf.data.drawings.class_names_file import find_names_file

    root = pathlib.Path(_DRAWINGS.value).expanduser()
    folders = {split: root / split for split in _SPLITS if (root / split).is_dir()}
    if "train" not in folders:
        folders = {"train": root}
    # Tools write the names of classes beside the splits or above them.
    above = _NAMES_FILE.value or (find_names_file(root) if root.is_dir() else None)
    found = {split: read_drawings(path, above or None) for split, path in folders.items()}
    # Without names, YOLO's classes are numbered up to the highest that a split has.
    names = max((drawings.class_names for drawings in found.values()), key=len)
    for split, drawings in found.items():
        if drawings.class_names != names[: len(drawings.class_names)]:
            raise ValueError(
                "`drawings` must have the same classes in every split, in one order. Received: "
                f"{split} with the classes {', '.join(drawings.class_names[:5])}, …"
            )
        for warning in drawings.warnings:
            print(f"Warning: {warning}", file=sys.stderr)
    pages = {split: drawing_pages(drawings.drawings) for split, drawings in found.items()}
    return pages, names, [picture for drawings in found.values() for picture in drawings.skipped]


def _embedded() -> tuple[dict[str, Pages], tuple[str, ...], list[SkippedPicture]]:
    launcher.import_tensorflow()
    from simclr_tf.data.floor_plans import floor_plan_pages
    from simclr_tf.data.floor_plans.further_pages import (
        clean_pages,
        further_classes,
        further_pages,
    )

    more = further_classes(_MORE_CLASSES.value)
    pages: dict[str, Pages] = {
        split: floor_plan_pages(split, cache_dir=_CACHE_DIR.value) for split in _SPLITS
    }
    if more.seen:
        pages["train"] = itertools.chain(pages["train"], further_pages(more), clean_pages(more))
    return pages, more.names, []


def _name(skipped: Sequence[SkippedPicture]) -> None:
    for picture in skipped[:_SHOWN]:
        print(f"Warning: {picture.path}: {picture.reason}", file=sys.stderr)
    if len(skipped) > _SHOWN:
        print(f"Warning: {len(skipped) - _SHOWN} more were skipped", file=sys.stderr)


if __name__ == "__main__":
    launcher.launch(main)
