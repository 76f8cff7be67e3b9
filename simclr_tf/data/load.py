"""From a folder or a data set's name to decoded train, validation and test pictures."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

from simclr_tf.checks import check_at_least, check_one_of
from simclr_tf.data.cache import DEFAULT_CACHE_LIMIT_BYTES, DecodedPictures, decode_once
from simclr_tf.data.decode import MINIMUM_SIZE, RESIZE_MODES
from simclr_tf.data.image_folder import index_image_folder
from simclr_tf.data.picture_index import PictureIndex
from simclr_tf.data.picture_set import UNLABELLED, PictureSet, PictureSplits, SkippedPicture
from simclr_tf.data.selection import Selection
from simclr_tf.data.sharded_pictures import Pictures
from simclr_tf.data.splits import SPLIT_NAMES, TEST, TRAIN, VALIDATION, count_straddling


def load_pictures(
    data_dir: str | os.PathLike[str] | None = None,
    dataset: str | None = None,
    *,
    image_size: int = 32,
    resize_mode: str = "crop",
    max_classes: int | None = None,
    class_seed: int = 0,
    validation_fraction: float = 0.1,
    test_fraction: float = 0.1,
    label_depth: int = 1,
    strict: bool = False,
    cache_dir: str | os.PathLike[str] | None = None,
    ram_limit_bytes: int | None = None,
    cache_limit_bytes: int = DEFAULT_CACHE_LIMIT_BYTES,
    progress: Callable[[int, int], None] | None = None,
) -> PictureSplits:
    """Returns the pictures of a folder or of a TensorFlow data set, decoded and split.

    Args:
        data_dir: a folder of pictures, see `index_image_folder`.
        dataset: the name of a TensorFlow data set, see `index_tfds`, or `"symbols"`, which is
            embedded. Exactly one of `data_dir` and `dataset` must be given.
        image_size: side of the pictures in pixels, at least 8.
        resize_mode: `"crop"`, `"pad"` or `"stretch"`, see `decode_picture`.
        max_classes: see `Selection`, as for the next three.
        class_seed: seed of the draw of classes.
        validation_fraction: share of labelled pictures, where that split is missing.
        test_fraction: share of labelled pictures, where that split is missing.
        label_depth: which folder names the class, see `index_image_folder`.
        strict: an unreadable picture is an error instead of being skipped.
        cache_dir: see `cache_folder`.
        ram_limit_bytes: see `decode_once`.
        cache_limit_bytes: see `decode_once`.
        progress: called with (pictures done, all pictures) while decoding.

    Raises:
        ValueError: if an argument is out of range, the folder or data set cannot be used, it
            holds no readable picture, or `strict` and a picture cannot be read.
        OSError: if the disk of the cache folder is full.
    """
    check_at_least("image_size", image_size, MINIMUM_SIZE)
    check_one_of("resize_mode", resize_mode, RESIZE_MODES)
    selection = Selection(max_classes, class_seed, validation_fraction, test_fraction)
    index = index_pictures(
        data_dir, dataset, selection, label_depth=label_depth, cache_dir=cache_dir
    )
    decoded = decode_once(
        index.sha256,
        lambda rows: index.decode_rows(rows, image_size, resize_mode),
        image_size=image_size,
        resize_mode=resize_mode,
        cache_dir=cache_dir,
        ram_limit_bytes=ram_limit_bytes,
        cache_limit_bytes=cache_limit_bytes,
        progress=progress,
    )
    skipped = _skipped(index, decoded, strict)
    return _splits(index, decoded, skipped, index.fingerprint(image_size, resize_mode))


def index_pictures(
    data_dir: str | os.PathLike[str] | None = None,
    dataset: str | None = None,
    selection: Selection | None = None,
    *,
    label_depth: int = 1,
    cache_dir: str | os.PathLike[str] | None = None,
    argument: str = "data_dir",
) -> PictureIndex:
    """Returns what is known of the pictures of a folder or data set before they are decoded.

    Args:
        data_dir: see `load_pictures`, as for all others.
        dataset: the name of a TensorFlow data set.
        selection: which classes take part, and the shares of splits that are missing.
        label_depth: which folder names the class.
        cache_dir: see `cache_folder`.
        argument: what errors call the folder.

    Raises:
        ValueError: if the folder or data set cannot be used.
    """
    if data_dir is not None and dataset is None:
        return index_image_folder(
            data_dir, selection, label_depth=label_depth, cache_dir=cache_dir, argument=argument
        )
    if dataset is not None and data_dir is None:
        from simclr_tf.data.tfds_source import index_tfds

        return index_tfds(dataset, selection, cache_dir=cache_dir)
    raise ValueError(
        "Exactly one of `data_dir` and `dataset` must be given. Received: "
        f"data_dir={data_dir!r}, dataset={dataset!r}"
    )


def _skipped(
    index: PictureIndex, decoded: DecodedPictures, strict: bool
) -> tuple[SkippedPicture, ...]:
    unreadable = [SkippedPicture(index.ids[row], reason) for row, reason in decoded.unreadable]
    skipped = sorted((*index.skipped, *unreadable), key=lambda picture: picture.path)
    if skipped and (strict or not len(decoded.rows)):
        first = f"the first is {skipped[0].path} ({skipped[0].reason})"
        if not len(decoded.rows):
            raise ValueError(f"No picture of {index.place} can be read: {first}.")
        raise ValueError(
            f"{len(skipped)} pictures of {index.place} cannot be read: {first}. Without "
            "`strict` they are skipped."
        )
    return tuple(skipped)


def _splits(
    index: PictureIndex,
    decoded: DecodedPictures,
    skipped: tuple[SkippedPicture, ...],
    fingerprint: str,
) -> PictureSplits:
    sets = _split_sets(index, decoded.images, decoded.rows)
    warnings = [*index.warnings, *_split_warnings(index, sets)]
    straddling = count_straddling(
        [index.sha256[row] for row in decoded.rows], [index.splits[row] for row in decoded.rows]
    )
    if straddling:
        warnings.append(
            f"{straddling} pictures of {index.place} lie in more than one split: results on the "
            "held-out splits are too good to that extent."
        )
    return PictureSplits(
        train=sets[TRAIN],
        validation=sets[VALIDATION],
        test=sets[TEST],
        name=index.name,
        fingerprint=fingerprint,
        skipped=skipped,
        warnings=tuple(warnings),
    )


def _split_sets(index: PictureIndex, images: Pictures, rows: np.ndarray) -> dict[str, PictureSet]:
    """Cuts the pictures into consecutive slices, so that nothing is copied."""
    splits = np.asarray(index.splits)[rows]
    sets, start = {}, 0
    for split in SPLIT_NAMES:
        stop = start + int((splits == split).sum())
        sets[split] = PictureSet(
            images=images[start:stop],
            labels=index.labels[rows[start:stop]],
            ids=tuple(index.ids[row] for row in rows[start:stop]),
            class_names=index.class_names,
        )
        start = stop
    return sets


def _split_warnings(index: PictureIndex, sets: dict[str, PictureSet]) -> list[str]:
    present = {
        split: set(pictures.labels.tolist()) - {UNLABELLED} for split, pictures in sets.items()
    }
    classes = set().union(*present.values())
    if not classes:
        return [f"No picture of {index.place} has a label: there is no validation nor test split."]
    warnings = []
    if len(classes) == 1:
        name = index.class_names[next(iter(classes))]
        warnings.append(f"All labelled pictures of {index.place} are of one class, {name}.")
    for split in SPLIT_NAMES:
        if not len(sets[split]):
            warnings.append(f"The {split} split of {index.place} is empty.")
    for split in (VALIDATION, TEST):
        unseen = sorted(present[split] - present[TRAIN])
        if unseen:
            names = ", ".join(index.class_names[label] for label in unseen[:5])
            more = f" and {len(unseen) - 5} more" if len(unseen) > 5 else ""
            warnings.append(
                f"{len(unseen)} classes in the {split} split of {index.place} are not in train: "
                f"{names}{more}."
            )
    return warnings
