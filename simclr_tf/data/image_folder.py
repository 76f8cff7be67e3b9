"""A folder of pictures: which class and which split each file belongs to."""

from __future__ import annotations

import collections
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from simclr_tf.checks import check_at_least
from simclr_tf.data.decode_many import decode_files
from simclr_tf.data.folder_scan import EXTENSIONS, PictureFile, scan_folder
from simclr_tf.data.labels import choose_classes
from simclr_tf.data.manifest import content_hashes
from simclr_tf.data.picture_index import FoundPictures, PictureIndex, build_index
from simclr_tf.data.picture_set import UNLABELLED, SkippedPicture
from simclr_tf.data.selection import Selection
from simclr_tf.data.splits import TEST, TRAIN, VALIDATION

SPLIT_FOLDERS = {
    "train": TRAIN,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "test": TEST,
}
UNLABELLED_FOLDERS = ("unlabelled", "unlabeled")


class _Place(NamedTuple):
    split: str
    class_name: str | None
    # The folders above the picture down to that of its class.
    class_folder: str


def index_image_folder(
    data_dir: str | os.PathLike[str],
    selection: Selection | None = None,
    *,
    label_depth: int = 1,
    cache_dir: str | os.PathLike[str] | None = None,
    argument: str = "data_dir",
) -> PictureIndex:
    """Returns the pictures below a folder with their classes and splits.

    A sub-folder is a class, with everything below it; pictures that lie directly in the
    folder or in `unlabelled/` have no label. When all sub-folders are called `train`,
    `validation` (`val`, `valid`), `test` or `unlabelled`, and `train` is one of them, they
    are the splits, each with its class folders; splits that are missing are carved out of
    `train`.

    Args:
        data_dir: the folder.
        selection: which classes take part, and the shares of splits that have no folder.
        label_depth: which folder below the root (or split folder) names the class: 1 is the
            first, 2 the one inside it (or the innermost, where there are fewer), -1 always
            the innermost.
        cache_dir: see `cache_folder`.
        argument: what errors call the folder.

    Raises:
        ValueError: if the folder is missing, unreadable or without pictures, or an argument
            is out of range.
    """
    selection = selection or Selection()
    if label_depth != -1:
        check_at_least("label_depth", label_depth, 1)
    root = _checked_folder(data_dir, argument)
    files, skipped = scan_folder(root)
    _check_any_files(root, files, skipped, argument)
    places = _places(files, label_depth)
    warnings = _gathered_folders(places) if label_depth != 1 else []
    names = {place.class_name for place in places if place.class_name is not None}
    class_names = choose_classes(sorted(names), selection.max_classes, selection.class_seed)
    # Nothing can use an unlabelled picture of a held-out split.
    usable = [place.split == TRAIN or place.class_name is not None for place in places]
    if not all(usable):
        warnings.append(
            f"{usable.count(False)} pictures of the validation and test folders lie in no class "
            "folder and are left out."
        )
    keep = {None, *class_names}
    rows = [row for row, p in enumerate(places) if usable[row] and p.class_name in keep]
    found, unread = _found(
        root, [files[row] for row in rows], [places[row] for row in rows], cache_dir
    )
    return build_index(
        found,
        class_names,
        selection,
        name=os.path.basename(os.path.abspath(root)),
        place=f"the folder {root}",
        decode=lambda ids, size, mode: decode_files(root, ids, size, mode),
        skipped=skipped + unread,
        warnings=warnings,
    )


class FolderListing(NamedTuple):
    """The pictures below a folder before any of them is read, sorted by path.

    Attributes:
        paths: relative to the folder, with `/`.
        labels: of each; -1 means no label.
        class_names: label i means `class_names[i]`.
        skipped: what could not be listed.
    """

    paths: list[str]
    labels: list[int]
    class_names: tuple[str, ...]
    skipped: list[SkippedPicture]


def list_image_folder(
    data_dir: str | os.PathLike[str], *, label_depth: int = 1, argument: str = "data_dir"
) -> FolderListing:
    """Returns the pictures below a folder with their classes, whatever their split.

    Nothing is read but the names: copies are not noticed, nor files that cannot be read.

    Args:
        data_dir: see `index_image_folder`, as for the others.
        label_depth: which folder names the class.
        argument: what errors call the folder.

    Raises:
        ValueError: as `index_image_folder`.
    """
    if label_depth != -1:
        check_at_least("label_depth", label_depth, 1)
    root = _checked_folder(data_dir, argument)
    files, skipped = scan_folder(root)
    _check_any_files(root, files, skipped, argument)
    classes = [place.class_name for place in _places(files, label_depth)]
    class_names = tuple(sorted({name for name in classes if name is not None}))
    label_of: dict[str | None, int] = {None: UNLABELLED}
    label_of.update((name, label) for label, name in enumerate(class_names))
    return FolderListing(
        [file.path for file in files], [label_of[name] for name in classes], class_names, skipped
    )


def _found(
    root: str,
    files: Sequence[PictureFile],
    places: Sequence[_Place],
    cache_dir: str | os.PathLike[str] | None,
) -> tuple[FoundPictures, list[SkippedPicture]]:
    found, unread = FoundPictures(), []
    hashes = content_hashes(root, files, cache_dir)
    for file, place, digest in zip(files, places, hashes, strict=True):
        if digest is None:
            unread.append(SkippedPicture(file.path, "the file cannot be read"))
        else:
            found.add(file.path, place.class_name, digest, place.split)
    return found, unread


def _checked_folder(data_dir: str | os.PathLike[str], argument: str) -> str:
    root = os.fspath(Path(data_dir).expanduser())
    if not os.path.exists(root):
        raise ValueError(f"`{argument}` must be an existing folder. Received: {argument}={root!r}")
    if not os.path.isdir(root):
        raise ValueError(
            f"`{argument}` must be a folder of pictures, not a file. Received: {argument}={root!r}"
        )
    try:
        with os.scandir(root):
            return root
    except OSError as error:
        raise ValueError(
            f"`{argument}` must be a folder that can be read ({error.strerror}). "
            f"Received: {argument}={root!r}"
        ) from error


def _check_any_files(
    root: str, files: Sequence[PictureFile], skipped: Sequence[SkippedPicture], argument: str
) -> None:
    if files:
        return
    unread = f" {len(skipped)} entries cannot be read, {skipped[0].path} first." if skipped else ""
    raise ValueError(
        f"`{argument}` must hold pictures: no file below it ends in one of "
        f"{', '.join(EXTENSIONS)}.{unread} Received: {argument}={root!r}"
    )


def _places(files: Sequence[PictureFile], label_depth: int) -> list[_Place]:
    parents: dict[str, _Place] = {}
    folders = [file.path.rpartition("/")[0] for file in files]
    tops = {folder.partition("/")[0].lower() for folder in folders if folder}
    are_splits = "train" in tops and tops <= {*SPLIT_FOLDERS, *UNLABELLED_FOLDERS}
    for folder in set(folders):
        parents[folder] = _place(folder.split("/") if folder else [], are_splits, label_depth)
    return [parents[folder] for folder in folders]


def _place(parts: list[str], are_splits: bool, label_depth: int) -> _Place:
    split, outer = TRAIN, 0
    if are_splits and parts and parts[0].lower() in SPLIT_FOLDERS:
        split, outer = SPLIT_FOLDERS[parts[0].lower()], 1
    inner = parts[outer:]
    if not inner or inner[0].lower() in UNLABELLED_FOLDERS:
        return _Place(split, None, "")
    depth = len(inner) if label_depth == -1 else min(label_depth, len(inner))
    return _Place(split, inner[depth - 1], "/".join(inner[:depth]))


def _gathered_folders(places: Sequence[_Place]) -> list[str]:
    folders: dict[str, set[str]] = collections.defaultdict(set)
    for place in places:
        if place.class_name is not None:
            folders[place.class_name].add(place.class_folder)
    return [
        f"The class {name} gathers {len(paths)} folders: {', '.join(sorted(paths)[:3])}."
        for name, paths in sorted(folders.items())
        if len(paths) > 1
    ]
