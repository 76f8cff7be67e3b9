"""The broader categories that a class belongs to, where folders or names tell them."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclr_tf.data import PictureSet
from simclr_tf.protocols.analysis.hierarchy import levels_of


@dataclasses.dataclass(frozen=True, eq=False)
class BroaderClasses:
    """One level of categories above the classes.

    Attributes:
        name: `"coarse"` for the broadest, then `"level 2"` and so on.
        count: categories of this level.
        gallery_labels: int64 `[n]`, the category of each gallery picture.
        query_labels: int64 `[q]`, the category of each query.
    """

    name: str
    count: int
    gallery_labels: np.ndarray
    query_labels: np.ndarray


def broader_classes(gallery: PictureSet, queries: PictureSet) -> list[BroaderClasses]:
    """Returns the levels above the classes, the broadest first; none where there is no such.

    The classes of a folder may lie in folders of categories (`fruit/apple/golden/1.jpg`, with
    `label_depth=-1`); elsewhere the names of the classes may be paths (`fruit/apple`). A class
    whose branch is short, such as `fruit/lemon` beside it, is a category of its own below `fruit`.

    Args:
        gallery: pictures with labels.
        queries: pictures with labels in the same numbering.
    """
    ids = (*gallery.ids, *queries.ids)
    labels = np.concatenate([gallery.labels, queries.labels])
    names = gallery.class_names
    classes = len(np.unique(labels))
    broader = []
    for level in levels_of(ids, _is_folder(ids, labels, names), labels, names):
        # A level below that of the classes has more of them.
        if 1 < len(level.class_names) < classes:
            cut = len(gallery)
            parts = level.labels[:cut], level.labels[cut:]
            broader.append(BroaderClasses(level.name, len(level.class_names), *parts))
    return broader


def _is_folder(ids: tuple[str, ...], labels: np.ndarray, names: tuple[str, ...]) -> bool:
    """Tells whether the ids are paths with each picture's class among their folders."""
    return all(
        names[label] in name.split("/")[:-1]
        for name, label in zip(ids, labels.tolist(), strict=True)
    )
