"""The pictures of a TensorFlow data set: their classes, splits and encoded bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from simclr_tf.data.decode_many import Decoded, decode_contents
from simclr_tf.data.labels import choose_classes
from simclr_tf.data.picture_index import FoundPictures, PictureIndex, build_index
from simclr_tf.data.picture_set import UNLABELLED
from simclr_tf.data.selection import Selection
from simclr_tf.data.splits import TEST, TRAIN, VALIDATION
from simclr_tf.data.tfds_builder import class_names_of, prepared_builder

_SPLITS = {
    "train": TRAIN,
    "unlabelled": TRAIN,
    "unlabeled": TRAIN,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "test": TEST,
}
_UNLABELLED_SPLITS = ("unlabelled", "unlabeled")
_READ_BATCH = 256


def index_tfds(
    dataset: str,
    selection: Selection | None = None,
    *,
    cache_dir: str | os.PathLike[str] | None = None,
) -> PictureIndex:
    """Returns the pictures of a TensorFlow data set, prepared first where needed.

    Its train, validation and test splits are honoured; those that are missing, or have no
    labels, are carved out of train by the pictures' content. A split `unlabelled` goes to
    train without labels.

    Args:
        dataset: `NAME`, `NAME/CONFIG` or `NAME:VERSION`, with a feature `image` and
            optionally `label`; or `"symbols"`, which is embedded.
        selection: which classes take part, and the shares of splits that are missing.
        cache_dir: see `cache_folder`; the embedded data set is kept there too, others in the
            usual folder of TensorFlow Datasets.

    Raises:
        ValueError: if the name is unknown, the data set has no `image` or no train split, or
            cannot be downloaded.
    """
    return index_builder(prepared_builder(dataset, cache_dir), dataset, selection or Selection())


def index_builder(builder: Any, dataset: str, selection: Selection) -> PictureIndex:
    """Returns the pictures of a prepared `tfds.core.DatasetBuilder`; see `index_tfds`."""
    all_names = class_names_of(builder)
    class_names = choose_classes(all_names, selection.max_classes, selection.class_seed)
    keep = {None, *class_names}
    found = FoundPictures()
    positions: dict[str, tuple[str, int]] = {}
    warnings: list[str] = []
    for split, role in _used_splits(builder, dataset).items():
        digests, labels = _read_split(builder, split, has_labels=bool(all_names))
        if role != TRAIN and (labels == UNLABELLED).all():
            warnings.append(f"The {split} split of {dataset} has no labels and is left out.")
            continue
        for number, (digest, label) in enumerate(zip(digests, labels.tolist(), strict=True)):
            name = None if label == UNLABELLED else all_names[label]
            if name in keep and (name is not None or role == TRAIN):
                picture_id = f"{dataset}/{split}/{number:05d}"
                positions[picture_id] = (split, number)
                found.add(picture_id, name, digest, role)

    def decode(ids: Sequence[str], image_size: int, mode: str) -> Iterator[Decoded]:
        contents = _contents(builder, [positions[picture_id] for picture_id in ids])
        return decode_contents(contents, image_size, mode)

    return build_index(
        found,
        class_names,
        selection,
        name=dataset,
        place=f"the data set {dataset}",
        decode=decode,
        warnings=warnings,
    )


def _used_splits(builder: Any, dataset: str) -> dict[str, str]:
    """Returns the roles of the splits that are read, those of train first."""
    present = {split: _SPLITS[split] for split in builder.info.splits if split in _SPLITS}
    if TRAIN not in present.values():
        raise ValueError(
            f"`dataset` must have a split `train`; the splits of {dataset!r} are: "
            f"{', '.join(builder.info.splits)}. Received: dataset={dataset!r}"
        )
    return present


def _records(builder: Any, split: str, keys: Sequence[str]) -> Iterator[dict[str, np.ndarray]]:
    import tensorflow_datasets as tfds

    # Encoded pictures: the hash is that of the file, and only wanted ones are decoded.
    decoders = tfds.decode.PartialDecoding(
        dict.fromkeys(keys, True), decoders={"image": tfds.decode.SkipDecoding()}
    )
    records = builder.as_dataset(split=split, shuffle_files=False, decoders=decoders)
    yield from records.batch(_READ_BATCH).as_numpy_iterator()


def _read_split(builder: Any, split: str, *, has_labels: bool) -> tuple[list[str], np.ndarray]:
    has_labels = has_labels and split not in _UNLABELLED_SPLITS
    digests: list[str] = []
    labels = [np.zeros(0, np.int32)]
    for batch in _records(builder, split, ["image", "label"] if has_labels else ["image"]):
        digests += [hashlib.sha256(content).hexdigest() for content in batch["image"]]
        if has_labels:
            labels.append(batch["label"].astype(np.int32))
    if has_labels:
        return digests, np.concatenate(labels)
    return digests, np.full(len(digests), UNLABELLED, np.int32)


def _contents(builder: Any, wanted: Sequence[tuple[str, int]]) -> Iterator[bytes]:
    """Gives the encoded pictures `(split, number)`, whose numbers rise within a run."""
    start = 0
    while start < len(wanted):
        split = wanted[start][0]
        stop = start + 1
        while stop < len(wanted) and wanted[stop][0] == split and wanted[stop] > wanted[stop - 1]:
            stop += 1
        numbers = {number for _, number in wanted[start:stop]}
        position = 0
        for batch in _records(builder, split, ["image"]):
            for content in batch["image"]:
                if position in numbers:
                    yield content
                position += 1
        start = stop
