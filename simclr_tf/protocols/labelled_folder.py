"""A folder of classes, perhaps of classes within classes, with every picture once."""

from __future__ import annotations

import dataclasses
import os

import numpy as np

from simclr_tf.data import PictureIndex, choose_labels, index_pictures


@dataclasses.dataclass(frozen=True)
class LabelledFolder:
    """The labelled pictures of a folder, every content once.

    Attributes:
        root: The folder.
        index: Its pictures with their fine classes.
        coarse_class: Of each picture, by its id; empty where the classes are not nested.
        copies: Pictures left out because another one has the same content.
    """

    root: str
    index: PictureIndex
    coarse_class: dict[str, str]
    copies: int

    def draw(self, pictures_per_class: int = 0) -> PictureIndex:
        """Returns so many pictures of each class, drawn at random; all of them for 0."""
        return _rows_of(self.index, choose_labels(self.index.labels, pictures_per_class or None))


def read_labelled_folder(
    data_dir: str | os.PathLike[str],
    *,
    label_depth: int = -1,
    cache_dir: str | os.PathLike[str] | None = None,
) -> LabelledFolder:
    """Returns the labelled pictures of a folder; copies would find one another.

    Args:
        data_dir: See `index_pictures`.
        label_depth: Which folder names the fine class, see `index_pictures`; the outermost names
            the coarse one.
        cache_dir: See `index_pictures`.

    Raises:
        ValueError: The folder cannot be used or no picture has a label.
    """
    fine = index_pictures(data_dir, label_depth=label_depth, cache_dir=cache_dir)
    outermost = index_pictures(data_dir, label_depth=1, cache_dir=cache_dir)
    labelled = choose_labels(fine.labels)
    if not len(labelled):
        raise ValueError(
            "`data_dir` must have a sub-folder for each class. "
            f"Received: {os.fspath(data_dir)!r}, which has no labelled pictures"
        )
    first = {fine.sha256[row]: row for row in reversed(labelled.tolist())}
    coarse_class = {}
    if set(fine.class_names) != set(outermost.class_names):
        names = outermost.class_names
        pairs = zip(outermost.ids, outermost.labels.tolist(), strict=True)
        coarse_class = {picture: names[label] for picture, label in pairs if label >= 0}
    return LabelledFolder(
        root=os.path.abspath(os.path.expanduser(data_dir)),
        index=_rows_of(fine, np.sort(np.array(list(first.values()), np.int64))),
        coarse_class=coarse_class,
        copies=len(labelled) - len(first),
    )


def _rows_of(index: PictureIndex, rows: np.ndarray) -> PictureIndex:
    return dataclasses.replace(
        index,
        ids=tuple(index.ids[row] for row in rows),
        labels=np.asarray(index.labels)[rows],
        sha256=tuple(index.sha256[row] for row in rows),
        splits=tuple(index.splits[row] for row in rows),
    )
