"""What the data package hands out: decoded pictures, their labels and where they came from."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclr_tf.data.sharded_pictures import Pictures, ShardedPictures

UNLABELLED = -1


@dataclasses.dataclass(frozen=True)
class SkippedPicture:
    """A picture that could not be used.

    Args:
        path: path relative to the data folder, with `/`, or `dataset/split/00012`.
        reason: one readable line.
    """

    path: str
    reason: str


@dataclasses.dataclass(frozen=True)
class PictureSet:
    """The decoded pictures of one split.

    Args:
        images: uint8 `[n, size, size, 3]`, an array, a memory map or `ShardedPictures`.
        labels: int32 `[n]`; -1 means no label.
        ids: `n` names: the path relative to the data folder with `/`, or `dataset/split/00012`.
        class_names: label `i` means `class_names[i]`.

    Raises:
        ValueError: if `images`, `labels` and `ids` differ in length.
    """

    images: Pictures
    labels: np.ndarray
    ids: tuple[str, ...]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        lengths = (len(self.images), len(self.labels), len(self.ids))
        if len(set(lengths)) != 1:
            raise ValueError(
                "`images`, `labels` and `ids` must have the same length. "
                f"Received: lengths={lengths}"
            )

    def __len__(self) -> int:
        return len(self.images)

    def subset(self, rows: np.ndarray) -> PictureSet:
        """Returns the pictures of `rows`, in the order of `rows`.

        They are copied into memory; those of `ShardedPictures` stay on the disk.

        Args:
            rows: int `[m]`, positions in this set (a boolean mask `[n]` is also accepted).
        """
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
        if isinstance(self.images, ShardedPictures):
            images: Pictures = self.images.chosen(rows)
        else:
            images = np.asarray(self.images[rows])
        return PictureSet(
            images=images,
            labels=self.labels[rows],
            ids=tuple(self.ids[row] for row in rows),
            class_names=self.class_names,
        )

    def labelled(self) -> PictureSet:
        """Returns the pictures that have a label: this set itself when all of them do."""
        has_label = self.labels != UNLABELLED
        return self if has_label.all() else self.subset(has_label)


@dataclasses.dataclass(frozen=True)
class PictureSplits:
    """The three splits of one data source.

    Args:
        train: pictures to train on; may hold unlabelled pictures (label -1).
        validation: pictures to choose settings on.
        test: pictures to report on, once.
        name: the folder's or data set's name.
        fingerprint: hexadecimal digest of the pictures' contents, their labels and splits, the
            picture size and the way of resizing.
        skipped: pictures that could not be used, with the reason.
        warnings: sentences for the person who runs it.
    """

    train: PictureSet
    validation: PictureSet
    test: PictureSet
    name: str
    fingerprint: str
    skipped: tuple[SkippedPicture, ...]
    warnings: tuple[str, ...]
