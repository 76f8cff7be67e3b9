"""What the names of pictures and classes tell: splits, and classes inside classes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from simclr_tf.data.image_folder import SPLIT_FOLDERS, UNLABELLED_FOLDERS
from simclr_tf.data.picture_set import UNLABELLED


@dataclasses.dataclass(frozen=True, eq=False)
class Level:
    """One way of dividing the pictures into classes.

    Attributes:
        name: How the report calls it.
        labels: int64 `[n]`; -1 means no label.
        class_names: Label i is `class_names[i]`.
    """

    name: str
    labels: np.ndarray
    class_names: tuple[str, ...]


def splits_of(ids: Sequence[str], is_folder: bool) -> tuple[str, ...] | None:
    """Returns the split of each picture, or None where the pictures are not split.

    Args:
        ids: Paths below a folder, where the outermost folders may be splits as in
            `index_image_folder`; or `dataset/split/00012`.
        is_folder: Which of the two.
    """
    if is_folder:
        if not _are_splits(ids):
            return None
        tops = [name.partition("/")[0].lower() if "/" in name else "train" for name in ids]
        splits = tuple(SPLIT_FOLDERS.get(top, "train") for top in tops)
    else:
        parts = [name.split("/") for name in ids]
        # The name of a data set may hold a stroke itself.
        if not all(len(part) >= 3 for part in parts):
            return None
        splits = tuple(part[-2] for part in parts)
    return splits if len(set(splits)) > 1 else None


def levels_of(
    ids: Sequence[str], is_folder: bool, labels: np.ndarray, class_names: Sequence[str]
) -> list[Level]:
    """Returns the levels of a hierarchy of classes, the coarsest first.

    The classes of a folder are its sub-folders, at each depth; those of a data set are the parts
    of class names such as `fruit/apple`. A picture whose branch is short keeps its innermost class
    at the levels below.

    Args:
        ids: As in `splits_of`.
        is_folder: As in `splits_of`.
        labels: int `[n]`; -1 means no label.
        class_names: Label i is `class_names[i]`.

    Returns:
        Two levels at least, which all divide the pictures differently; or none.
    """
    if is_folder:
        outer = 1 if _are_splits(ids) else 0
        branches = [_folders(name, outer) for name in ids]
    else:
        by_label = [tuple(name.split("/")) for name in class_names]
        branches = [() if label == UNLABELLED else by_label[label] for label in labels.tolist()]
    found: list[Level] = []
    for depth in range(1, max(map(len, branches), default=0) + 1):
        level = _level(branches, depth)
        if not found or len(level.class_names) > len(found[-1].class_names):
            found.append(level)
    if len(found) < 2:
        return []
    names = ["coarse", *(f"level {place}" for place in range(2, len(found))), "fine"]
    return [dataclasses.replace(level, name=name) for name, level in zip(names, found, strict=True)]


def same_division(first: np.ndarray, second: np.ndarray) -> bool:
    """Tells whether two labellings int `[n]` put the same pictures together."""
    pairs = np.unique(np.stack([first, second]), axis=1).shape[1]
    return pairs == len(np.unique(first)) == len(np.unique(second))


def _are_splits(ids: Sequence[str]) -> bool:
    tops = {name.partition("/")[0].lower() for name in ids if "/" in name}
    return "train" in tops and tops <= {*SPLIT_FOLDERS, *UNLABELLED_FOLDERS}


def _folders(name: str, outer: int) -> tuple[str, ...]:
    folders = name.split("/")[:-1]
    inner = folders[outer:] if folders and folders[0].lower() in SPLIT_FOLDERS else folders
    if inner and inner[0].lower() in UNLABELLED_FOLDERS:
        return ()
    return tuple(inner)


def _level(branches: Sequence[tuple[str, ...]], depth: int) -> Level:
    texts = ["/".join(branch[:depth]) for branch in branches]
    names = sorted({text for text in texts if text})
    number = {"": UNLABELLED, **{name: label for label, name in enumerate(names)}}
    return Level("", np.array([number[text] for text in texts], np.int64), tuple(names))
