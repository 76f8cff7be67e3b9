"""One or two files of embeddings made one thing: the same pictures, row by row."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from simclr_tf.data.decode_many import Decoded, decode_files
from simclr_tf.data.picture_set import UNLABELLED
from simclr_tf.protocols.analysis.hierarchy import Level, levels_of, same_division, splits_of
from simclr_tf.retrieval import Embeddings
from simclr_tf.similarity import l2_normalize

ReadPictures = Callable[[Sequence[str], int, str], Iterator[Decoded]]
"""Called with ids, `image_size` and `resize_mode`, gives the pictures in that order."""

_ROWS_AT_ONCE = 8192
FEWEST_PICTURES = 3


@dataclasses.dataclass(frozen=True)
class Omission:
    """A part that was left out, and why.

    Attributes:
        part: What is missing.
        reason: One sentence.
    """

    part: str
    reason: str


@dataclasses.dataclass(frozen=True, eq=False)
class Joined:
    """The `n` pictures that every file has, and what is known of them.

    Attributes:
        vectors: Unit vectors float32 `[n, d]` by name of the embedding, one or two.
        ids: `n` names.
        labels: int64 `[n]`; -1 means no label.
        class_names: Label i is `class_names[i]`, which some picture has.
        sha256: Digests of the pictures' contents, uint8 `[n, 32]`.
        splits: Split of each picture; None where they are not split.
        levels: Levels of a hierarchy of classes, the coarsest first; may be empty.
        read_pictures: Gives the pictures; None where they cannot be had.
        omissions: What had to be left out.
    """

    vectors: dict[str, np.ndarray]
    ids: tuple[str, ...]
    labels: np.ndarray
    class_names: tuple[str, ...]
    sha256: np.ndarray
    splits: tuple[str, ...] | None
    levels: tuple[Level, ...]
    read_pictures: ReadPictures | None
    omissions: tuple[Omission, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def coarsest(self) -> Level:
        """The coarsest level of the hierarchy; the classes where there is none."""
        return self.levels[0] if self.levels else Level("classes", self.labels, self.class_names)


def join_embeddings(
    files: dict[str, Embeddings], read_pictures: ReadPictures | None = None
) -> Joined:
    """Returns the pictures that all files have, with usable embeddings.

    Labels, class names and the folder are those of the first file. Pictures that only one file
    has, whose content differs, or whose embedding is not finite or all 0, are left out; that is
    stated in `omissions`.

    Args:
        files: One or two files by name.
        read_pictures: How pictures are read by id; by default from the folder of the first file.

    Raises:
        ValueError: Fewer than three pictures remain.
    """
    omissions: list[Omission] = []
    first = next(iter(files.values()))
    rows = _shared_rows(list(files.values()), omissions)
    vectors = {}
    usable = np.ones(len(rows[0]), bool)
    for (name, file), own in zip(files.items(), rows, strict=True):
        vectors[name], good = _unit_vectors(file.embeddings, own)
        if not good.all():
            bad = [file.ids[row] for row in own[~good][:3].tolist()]
            reason = f"The {name} file has NaN, infinity or only 0 there: {', '.join(bad)}"
            more = f" and {int((~good).sum()) - len(bad):,} more" if (~good).sum() > 3 else ""
            omissions.append(Omission(f"{int((~good).sum()):,} pictures", f"{reason}{more}."))
        usable &= good
    if not usable.all():
        vectors = {name: array[usable] for name, array in vectors.items()}
    kept = rows[0][usable]
    if len(kept) < FEWEST_PICTURES:
        reasons = " ".join(f"{omission.part}: {omission.reason}" for omission in omissions)
        raise ValueError(
            f"`embeddings` must hold at least {FEWEST_PICTURES} pictures that can be compared. "
            f"Received: {len(kept)}. {reasons}".rstrip()
        )
    if len(files) > 1 and len({file.encoder for file in files.values()}) == 1:
        omissions.append(
            Omission("a comparison", "Both files were made with one and the same encoder.")
        )
    is_folder = bool(first.root)
    ids = tuple(first.ids[row] for row in kept)
    labels, names = _compressed(np.asarray(first.labels)[kept], first.class_names)
    if read_pictures is None and is_folder:
        read_pictures = _reader(first.root)
    return Joined(
        vectors=vectors,
        ids=ids,
        labels=labels,
        class_names=names,
        sha256=np.asarray(first.sha256)[kept],
        splits=splits_of(ids, is_folder),
        levels=_levels(ids, is_folder, labels, names),
        read_pictures=read_pictures,
        omissions=tuple(omissions),
    )


def _shared_rows(files: list[Embeddings], omissions: list[Omission]) -> list[np.ndarray]:
    """Returns the rows of each file that hold the same pictures, in the order of the first."""
    first = files[0]
    if len(files) == 1:
        return [np.arange(len(first))]
    second = files[1]
    row_of = {name: row for row, name in enumerate(second.ids)}
    pairs = np.array(
        [(row, row_of[name]) for row, name in enumerate(first.ids) if name in row_of], np.int64
    ).reshape(-1, 2)
    if not len(pairs):
        raise ValueError(
            "`after` must hold the same pictures as `embeddings`, and shares none with it. "
            f"Received: {first.ids[:1]} and {second.ids[:1]} first"
        )
    alone = len(first) + len(second) - 2 * len(pairs)
    if alone:
        omissions.append(Omission(f"{alone:,} pictures", "Only one of the two files has them."))
    changed = (np.asarray(first.sha256)[pairs[:, 0]] != np.asarray(second.sha256)[pairs[:, 1]]).any(
        axis=1
    )
    if changed.any():
        reason = "The file of that name had another content when it was embedded again."
        omissions.append(Omission(f"{int(changed.sum()):,} pictures", reason))
        pairs = pairs[~changed]
    names = [[*file.class_names, ""] for file in files]
    labels = [np.asarray(file.labels)[pairs[:, side]].tolist() for side, file in enumerate(files)]
    others = sum(names[0][label] != names[1][other] for label, other in zip(*labels, strict=True))
    if others:
        reason = (
            f"{others:,} pictures have another class or none there; the first file is followed."
        )
        omissions.append(Omission("the classes of the second file", reason))
    return [pairs[:, 0], pairs[:, 1]]


def _unit_vectors(embeddings: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns unit vectors float32 `[m, d]` of the rows, and bool `[m]`: which are usable."""
    vectors = np.zeros((len(rows), embeddings.shape[1]), np.float32)
    usable = np.zeros(len(rows), bool)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        block = np.asarray(embeddings[rows[start : start + _ROWS_AT_ONCE]])
        good = np.isfinite(block).all(axis=1) & block.any(axis=1)
        usable[start : start + len(block)] = good
        vectors[start : start + len(block)][good] = l2_normalize(block[good])
    return vectors, usable


def _compressed(
    labels: np.ndarray, class_names: Sequence[str]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns the labels without classes that no picture has, and the names of the others."""
    present = np.unique(labels[labels != UNLABELLED])
    table = np.full(len(class_names) + 1, UNLABELLED, np.int64)
    table[present] = np.arange(len(present))
    return table[labels], tuple(class_names[label] for label in present)


def _levels(
    ids: Sequence[str], is_folder: bool, labels: np.ndarray, names: tuple[str, ...]
) -> tuple[Level, ...]:
    levels = levels_of(ids, is_folder, labels, names)
    is_new = not any(same_division(level.labels, labels) for level in levels)
    if levels and is_new and (labels != UNLABELLED).any():
        levels.append(Level("classes of the file", labels, names))
    return tuple(levels)


def _reader(root: str) -> ReadPictures:
    return lambda ids, size, mode: decode_files(root, ids, size, mode)
