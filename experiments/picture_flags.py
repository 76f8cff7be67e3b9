"""The flags that say which pictures, shared by all scripts, and what they load."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from absl import flags
from tqdm import tqdm

from experiments import decoding_flags, launcher

if TYPE_CHECKING:
    from simclr_tf.data import PictureSplits

_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "folder of pictures: class sub-folders, flat, or train/ validation/ test/"
)
_DATASET = flags.DEFINE_string(
    "dataset", None, "name of a TensorFlow data set; symbols (embedded) if no folder is given"
)
_MAX_CLASSES = flags.DEFINE_integer("max_classes", None, "keep so many classes, drawn at random")
_CLASS_SEED = flags.DEFINE_integer("class_seed", 0, "seed of that draw")
_VALIDATION = flags.DEFINE_float("validation_fraction", 0.1, "share held out for choices")
_TEST = flags.DEFINE_float("test_fraction", 0.1, "share held out for the result")
_CACHE_LIMIT = flags.DEFINE_integer(
    "cache_limit_bytes", 50 * 10**9, "what all decoded pictures may take in --cache_dir"
)
_RAM_LIMIT = flags.DEFINE_integer(
    "ram_limit_bytes", None, "decoded pictures beyond it stay on the disk; half of what is free"
)
_STRICT = flags.DEFINE_bool("strict", False, "an unreadable picture is an error, not skipped")


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
        "image_size": decoding_flags.IMAGE_SIZE.value,
        "resize_mode": decoding_flags.RESIZE_MODE.value,
        "max_classes": _MAX_CLASSES.value,
        "class_seed": _CLASS_SEED.value,
        "label_depth": decoding_flags.LABEL_DEPTH.value,
        "validation_fraction": _VALIDATION.value,
        "test_fraction": _TEST.value,
    }


def take_pictures_of_run(config: Mapping[str, Any]) -> None:
    """Sets the flags that are not given to what the run with this config was made with.

    Raises:
        ValueError: if the config is not that of a run on pictures.
    """
    arguments = picture_config()
    if not arguments.keys() <= config.keys():
        raise ValueError(
            "`run_dir` must hold runs that were made with pictures; the config.json lacks "
            f"{', '.join(sorted(arguments.keys() - config.keys()))}"
        )
    source = {"data_dir", "dataset"}
    if any(flags.FLAGS[name].present for name in source):
        arguments = {name: value for name, value in arguments.items() if name not in source}
    for name in arguments:
        if not flags.FLAGS[name].present:
            flags.FLAGS[name].value = config[name]


def given_arguments() -> str:
    """Returns the flags of this command line that say which pictures, for another command."""
    given = [flags.FLAGS[name] for name in picture_config() if flags.FLAGS[name].present]
    return shlex.join(flag.serialize() for flag in given)


def read_pictures() -> PictureSplits:
    """Loads the pictures with a progress bar and prints what was found and what is odd."""
    if _DATA_DIR.value is None:
        # TensorFlow's data sets import it in any case, with all its remarks.
        launcher.import_tensorflow()
    splits = _load("reading pictures", picture_config())
    classes = len(splits.train.class_names)
    print(
        f"{splits.name}: {len(splits.train)} training, {len(splits.validation)} validation and "
        f"{len(splits.test)} test pictures, {classes} classes, {len(splits.skipped)} skipped"
    )
    for warning in splits.warnings:
        print(f"Warning: {warning}", file=sys.stderr)
    return splits


def read_unlabelled(folder: str) -> PictureSplits:
    """Loads another folder, in the same size, of which labels and splits by share do not matter."""
    config = picture_config()
    arguments = {name: config[name] for name in ("image_size", "resize_mode")}
    none_held_out = {"validation_fraction": 0.0, "test_fraction": 0.0}
    return _load(f"reading {folder}", {"data_dir": folder, **arguments, **none_held_out})


def _load(description: str, arguments: Mapping[str, Any]) -> PictureSplits:
    from simclr_tf.data import load_pictures

    with tqdm(desc=description, unit=" pictures", unit_scale=True, leave=False, delay=1) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return load_pictures(
            **arguments,
            strict=_STRICT.value,
            cache_dir=decoding_flags.CACHE_DIR.value,
            cache_limit_bytes=_CACHE_LIMIT.value,
            ram_limit_bytes=_RAM_LIMIT.value,
            progress=show,
        )


def _check_values() -> None:
    from simclr_tf.checks import check_at_least
    from simclr_tf.data.selection import Selection

    decoding_flags.check_decoding()
    check_at_least("cache_limit_bytes", _CACHE_LIMIT.value, 0)
    check_at_least("ram_limit_bytes", _RAM_LIMIT.value or 0, 0)
    Selection(_MAX_CLASSES.value, _CLASS_SEED.value, _VALIDATION.value, _TEST.value)
