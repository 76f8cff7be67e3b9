"""What is known of the pictures of a source before any of them is decoded."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from simclr_tf.data.decode_many import Decoded
from simclr_tf.data.picture_set import UNLABELLED, SkippedPicture
from simclr_tf.data.selection import Selection
from simclr_tf.data.splits import SPLIT_NAMES, assign_splits


@dataclasses.dataclass(frozen=True)
class PictureIndex:
    """The `n` pictures of a source, sorted by split and inside a split by id.

    Args:
        name: the folder's or data set's name.
        place: the folder or data set as errors and warnings name it.
        ids: see `PictureSet`.
        labels: int32 `[n]`; -1 means no label.
        sha256: hexadecimal digests of the pictures' contents.
        splits: `"train"`, `"validation"` or `"test"` of each picture.
        class_names: label `i` means `class_names[i]`.
        decode: called with some of `ids` in their order, `image_size` and `resize_mode`, gives
            those pictures in that order.
        skipped: files that could not be read.
        warnings: sentences for the person who runs it.
    """

    name: str
    place: str
    ids: tuple[str, ...]
    labels: np.ndarray
    sha256: tuple[str, ...]
    splits: tuple[str, ...]
    class_names: tuple[str, ...]
    decode: Callable[[Sequence[str], int, str], Iterator[Decoded]]
    skipped: tuple[SkippedPicture, ...] = ()
    warnings: tuple[str, ...] = ()

    def decode_rows(self, rows: np.ndarray, image_size: int, resize_mode: str) -> Iterator[Decoded]:
        """Gives the pictures of `rows`, increasing, or why one cannot be read."""
        return self.decode([self.ids[row] for row in rows], image_size, resize_mode)

    def digests(self) -> np.ndarray:
        """Returns the digests of the pictures' contents, uint8 `[n, 32]`."""
        return np.frombuffer(bytes.fromhex("".join(self.sha256)), np.uint8).reshape(-1, 32)

    def fingerprint(self, image_size: int, resize_mode: str) -> str:
        """Returns a digest of the contents, labels, splits and way of decoding."""
        digest = hashlib.sha256(f"{image_size} {resize_mode}\n".encode())
        digest.update("\0".join(self.class_names).encode("utf-8", "surrogateescape"))
        digest.update(np.asarray(self.labels, "<i4").tobytes())
        digest.update("\n".join(self.splits).encode())
        digest.update("\n".join(self.sha256).encode())
        return digest.hexdigest()


@dataclasses.dataclass
class FoundPictures:
    """The pictures of a source as they are found, one entry a picture in every list.

    Args:
        ids: see `PictureSet`.
        classes: the name of each picture's class; None means no label.
        sha256: hexadecimal digests of the pictures' contents.
        given: the split that each picture came in; `"train"` for data without splits.
    """

    ids: list[str] = dataclasses.field(default_factory=list)
    classes: list[str | None] = dataclasses.field(default_factory=list)
    sha256: list[str] = dataclasses.field(default_factory=list)
    given: list[str] = dataclasses.field(default_factory=list)

    def add(self, picture_id: str, class_name: str | None, sha256: str, given: str) -> None:
        """Appends one picture."""
        self.ids.append(picture_id)
        self.classes.append(class_name)
        self.sha256.append(sha256)
        self.given.append(given)


def build_index(
    found: FoundPictures,
    class_names: tuple[str, ...],
    selection: Selection,
    *,
    name: str,
    place: str,
    decode: Callable[[Sequence[str], int, str], Iterator[Decoded]],
    skipped: Sequence[SkippedPicture] = (),
    warnings: Sequence[str] = (),
) -> PictureIndex:
    """Returns the index of the pictures found, split and sorted.

    Args:
        found: the pictures.
        class_names: the classes that take part, in the order of their labels.
        selection: the shares of splits that the data came without.
        name: see `PictureIndex`.
        place: see `PictureIndex`.
        decode: see `PictureIndex`.
        skipped: see `PictureIndex`.
        warnings: see `PictureIndex`.
    """
    position: dict[str | None, int] = {None: UNLABELLED}
    position.update((class_name, label) for label, class_name in enumerate(class_names))
    labels = [position[class_name] for class_name in found.classes]
    splits = assign_splits(
        found.sha256,
        labels,
        found.given,
        selection.validation_fraction,
        selection.test_fraction,
    )
    rank = {split: position for position, split in enumerate(SPLIT_NAMES)}
    order = sorted(
        (rank[split], found.ids[row], row) for row, split in enumerate(splits) if split is not None
    )
    rows = [row for _, _, row in order]
    ids = tuple(found.ids[row] for row in rows)
    left_out = len(splits) - len(rows)
    copies = (
        f"{left_out} unlabelled pictures of {place} are copies of validation or test pictures and "
        "are left out of the training."
    )
    return PictureIndex(
        name=name,
        place=place,
        ids=ids,
        labels=np.array([labels[row] for row in rows], np.int32),
        sha256=tuple(found.sha256[row] for row in rows),
        splits=tuple(SPLIT_NAMES[position] for position, _, _ in order),
        class_names=class_names,
        decode=decode,
        skipped=tuple(skipped),
        warnings=(*warnings, copies) if left_out else tuple(warnings),
    )
