"""What is embedded, cut into shards once and for all: a file that every machine reads."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Any

from simclr_tf.checks import check_at_least
from simclr_tf.data import SkippedPicture, list_image_folder
from simclr_tf.files import read_json, write_json
from simclr_tf.protocols.embedding_settings import EmbeddingSettings
from simclr_tf.retrieval import Embeddings, read_embeddings

_FORMAT = "simclr_tf collection 1"
_PLAN = "plan.json"


@dataclasses.dataclass(frozen=True)
class ShardPlan:
    """Which pictures each shard holds, and how they are embedded.

    Attributes:
        folder: Where the plan, the lists and the shards are; every machine must see it.
        root: Folder that the ids start from; every machine must see it.
        shards: Number of shards.
        pictures: Listed in all of them.
        class_names: Label i is `class_names[i]`.
        unlisted: Folders and files that could not be listed.
        fingerprint: Of the encoder and of the way the pictures come to it.
        settings: How.
        origin: Where the encoder came from.
    """

    folder: pathlib.Path
    root: str
    shards: int
    pictures: int
    class_names: tuple[str, ...]
    unlisted: tuple[SkippedPicture, ...]
    fingerprint: str
    settings: EmbeddingSettings
    origin: dict[str, Any]

    def listed(self, number: int) -> tuple[list[str], list[int]]:
        """Returns paths and labels of a shard's pictures, in order."""
        data = read_json(self._list(number), dict)
        return data["paths"], data["labels"]

    def shard(self, number: int) -> pathlib.Path:
        """Returns the file of a shard's embeddings."""
        return self.folder / "shards" / f"{self._name(number)}.npz"

    def read_shard(self, number: int) -> Embeddings | None:
        """Returns a finished shard; `None` where it is missing, damaged or of another plan."""
        try:
            shard = read_embeddings(self.shard(number))
        except (OSError, ValueError):
            return None
        same = shard.encoder == self.fingerprint and shard.root == self.root
        return shard if same and str(shard.embeddings.dtype) == self.settings.dtype else None

    def _list(self, number: int) -> pathlib.Path:
        return self.folder / "lists" / f"{self._name(number)}.json"

    def _name(self, number: int) -> str:
        return f"{number:05d}-of-{self.shards:05d}"


def open_plan(
    folder: str | os.PathLike[str],
    data_dir: str | os.PathLike[str],
    fingerprint: str,
    settings: EmbeddingSettings,
    origin: dict[str, Any],
    *,
    shard_size: int = 10_000,
    label_depth: int = 1,
) -> ShardPlan:
    """Returns the plan in `folder`, or makes it of the pictures that are there now.

    The pictures are listed once: those that come later, and changes of files, are not seen.

    Args:
        folder: Of the results; made where it does not exist.
        data_dir: Folder of pictures, see `list_image_folder`.
        fingerprint: See `ShardPlan`.
        settings: How.
        origin: Where the encoder came from.
        shard_size: Pictures of a shard, at least 1; what a stop may cost.
        label_depth: Which folder names the class.

    Raises:
        ValueError: `folder` has a plan of something else, or there are no pictures.
    """
    check_at_least("shard_size", shard_size, 1)
    folder = pathlib.Path(folder)
    root = os.path.abspath(os.path.expanduser(data_dir))
    asked = {
        "format": _FORMAT,
        "data_dir": root,
        "label_depth": label_depth,
        "shard_size": shard_size,
        "encoder": fingerprint,
        "settings": dataclasses.asdict(settings),
    }
    path = folder / _PLAN
    if path.exists():
        made = read_json(path, dict)
        different = [name for name, value in asked.items() if made.get(name) != value]
        if different:
            raise ValueError(
                f"{folder} holds a collection with another {', '.join(different)}. Give another "
                "`output_dir`, or delete it to begin again."
            )
    else:
        made = _make(folder, data_dir, asked, shard_size, label_depth)
    return ShardPlan(
        folder=folder,
        root=root,
        shards=made["shards"],
        pictures=made["pictures"],
        class_names=tuple(made["class_names"]),
        unlisted=tuple(SkippedPicture(*entry) for entry in made["unlisted"]),
        fingerprint=fingerprint,
        settings=settings,
        origin=origin,
    )


def _make(
    folder: pathlib.Path,
    data_dir: str | os.PathLike[str],
    asked: dict[str, Any],
    shard_size: int,
    label_depth: int,
) -> dict[str, Any]:
    listing = list_image_folder(data_dir, label_depth=label_depth)
    count = len(listing.paths)
    shards = -(-count // shard_size)
    for name in ("lists", "shards"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(shards):
        rows = slice(number * shard_size, (number + 1) * shard_size)
        write_json(
            folder / "lists" / f"{number:05d}-of-{shards:05d}.json",
            {"paths": listing.paths[rows], "labels": listing.labels[rows]},
        )
    made = {
        **asked,
        "shards": shards,
        "pictures": count,
        "class_names": list(listing.class_names),
        "unlisted": [[picture.path, picture.reason] for picture in listing.skipped],
    }
    # Last: a plan without all of its lists would be none.
    write_json(folder / _PLAN, made)
    return made
