"""The flags that say which pictures, shared by all scripts, and what they load."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

from absl import flags
from tqdm import tqdm

from experiments import launcher
from simclr_tf.checks import check_at_least, check_one_of

if TYPE_CHECKING:
    from simclr_tf.data import PictureSplits

_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "folder of pictures: class sub-folders, flat, or train/ validation/ test/"
)
_DATASET = flags.DEFINE_string(
    "dataset", None, "name of a TensorFlow data set; symbols (embedded) if no folder is given"
)
_IMAGE_SIZE = flags.DEFINE_integer("image_size", 32, "height and width in pixels, at least 8")
_RESIZE_MODE = flags.DEFINE_string("resize_mode", "crop", "crop, pad (white) or stretch")
_MAX_CLASSES = flags.DEFINE_integer("max_classes", None, "keep so many classes, drawn at random")
_CLASS_SEED = flags.DEFINE_integer("class_seed", 0, "seed of that draw")
_LABEL_DEPTH = flags.DEFINE_integer(
    "label_depth", 1, "folder that names the class: 1 the outermost, -1 the innermost"
)
_VALIDATION = flags.DEFINE_float("validation_fraction", 0.1, "share held out for choices")
_TEST = flags.DEFINE_float("test_fraction", 0.1, "share held out for the result")
_STRICT = flags.DEFINE_bool("strict", False, "an unreadable picture is an error, not skipped")
_CACHE_DIR = flags.DEFINE_string("cache_dir", None, "decoded pictures; ~/.cache/simclr_tf if unset")


def picture_config() -> dict[str, Any]:
    """Returns the arguments of `load_pictures` that the flags ask for.

    Raises:
        ValueError: if one cannot be right, whatever the pictures.
    """
    _check_values()
    dataset = _DATASET.value
    if dataset is None and _DATA_DIR.value is None:
        dataset = "symbols"
    return {
        "data_dir": _DATA_DIR.value,
        "dataset": dataset,
        "image_size": _IMAGE_SIZE.value,
        "resize_mode": _RESIZE_MODE.value,
        "max_classes": _MAX_CLASSES.value,
        "class_seed": _CLASS_SEED.value,
        "label_depth": _LABEL_DEPTH.value,
        "validation_fraction": _VALIDATION.value,
        "test_fraction": _TEST.value,
    }


def given_arguments() -> str:
    """Returns the flags of this command line that say which pictures, for another command."""
    given = [flags.FLAGS[name] for name in picture_config() if flags.FLAGS[name].present]
    return shlex.join(flag.serialize() for flag in given)


def read_pictures() -> PictureSplits:
    """Loads the pictures with a progress bar and prints what was found and what is odd."""
    from simclr_tf.data import load_pictures

    if _DATA_DIR.value is None:
        # TensorFlow's data sets import it in any case, with all its remarks.
        launcher.import_tensorflow()
    with tqdm(
        desc="reading pictures", unit=" pictures", unit_scale=True, leave=False, delay=1
    ) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        splits = load_pictures(
            **picture_config(),
            strict=_STRICT.value,
            cache_dir=_CACHE_DIR.value,
            progress=show,
        )
    classes = len(splits.train.class_names)
    print(
        f"{splits.name}: {len(splits.train)} training, {len(splits.validation)} validation and "
        f"{len(splits.test)} test pictures, {classes} classes, {len(splits.skipped)} skipped"
    )
    for warning in splits.warnings:
        print(f"Warning: {warning}", file=sys.stderr)
    return splits


def _check_values() -> None:
    from simclr_tf.data.decode import MINIMUM_SIZE, RESIZE_MODES
    from simclr_tf.data.selection import Selection

    check_at_least("image_size", _IMAGE_SIZE.value, MINIMUM_SIZE)
    check_one_of("resize_mode", _RESIZE_MODE.value, RESIZE_MODES)
    Selection(_MAX_CLASSES.value, _CLASS_SEED.value, _VALIDATION.value, _TEST.value)
