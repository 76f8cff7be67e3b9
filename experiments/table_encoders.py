"""The flag that lists the encoders of a table, each by its kind and perhaps from several runs."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from absl import flags

from experiments import decoding_flags, source_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.encoders.model_types import MODEL_TYPES
from simclr_tf.protocols.embedding_settings import EmbeddingSettings

if TYPE_CHECKING:
    from simclr_tf.encoders.source import EncoderSource
    from simclr_tf.protocols.table_encoder import TableEncoder

_DATA = "{data}"
_ENCODERS = flags.DEFINE_list(
    "encoders",
    ["pixels"],
    "TYPE, TYPE=WEIGHTS or NAME:TYPE=WEIGHTS, of the types "
    f"{', '.join(MODEL_TYPES)}; {_DATA} in WEIGHTS is the folder's name, and * joins runs of one "
    "training with other seeds in one row",
)
_EMBEDDING = SettingsFlags(EmbeddingSettings, only=("flip_average", "crops", "batch_size"))


class _Entry(NamedTuple):
    """One entry of the flag."""

    name: str
    model_type: str
    weights: str


def read_encoders(folders: Sequence[str]) -> list[TableEncoder]:
    """Returns the encoders that the flags ask for, with pictures of the size of each.

    Args:
        folders: names of the folders that they are measured on.

    Raises:
        ValueError: if one is not known, not there or given twice, or runs do not belong together.
    """
    from simclr_tf.protocols.table_encoder import TableEncoder

    _EMBEDDING.read()
    encoders = []
    for entry in _entries():
        for data in folders if _DATA in entry.weights else ("",):
            sources = [
                source_flags.source_of_type(entry.model_type, path)
                for path in _paths(entry.weights.replace(_DATA, data))
            ]
            settings = _EMBEDDING.read(
                image_size=_size(entry, sources), resize_mode=decoding_flags.RESIZE_MODE.value
            )
            encoders.append(TableEncoder(entry.name, tuple(sources), settings, data))
    return encoders


def _entries() -> list[_Entry]:
    entries = []
    for text in _ENCODERS.value:
        named_type, _, weights = text.partition("=")
        name, colon, model_type = named_type.rpartition(":")
        entries.append(_Entry(name if colon else "", model_type, weights))
    types = [entry.model_type for entry in entries]
    named = [
        entry._replace(name=entry.name or _default_name(entry, types.count(entry.model_type) > 1))
        for entry in entries
    ]
    names = [entry.name for entry in named]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                "`encoders` must all differ in their names; NAME:TYPE=WEIGHTS gives one. "
                f"Received: {name} twice"
            )
    return named


def _default_name(entry: _Entry, is_one_of_several: bool) -> str:
    if not is_one_of_several or not entry.weights:
        return entry.model_type
    return f"{entry.model_type} {os.path.basename(os.path.normpath(entry.weights))}"


def _paths(weights: str) -> list[str | None]:
    """Returns what is meant by the weights: themselves, or all that match the pattern."""
    if not weights:
        return [None]
    pattern = os.path.expanduser(weights)
    if os.path.exists(pattern) or not glob.has_magic(pattern):
        return [weights]
    found = sorted(glob.glob(pattern), key=lambda path: (len(path), path))
    if not found:
        raise ValueError(
            f"`encoders` must name runs or files that are there. Received: {weights}, which "
            "matches none"
        )
    return list(found)


def _size(entry: _Entry, sources: Sequence[EncoderSource]) -> int:
    flag = flags.FLAGS["image_size"]
    sizes = set()
    for source in sources:
        only, default = source_flags.size_of(source)
        sizes.add(only or (flag.value if flag.present else default))
    if len(sizes) > 1:
        raise ValueError(
            "`encoders` must join runs whose pictures have one size. Received: "
            f"{entry.name} with {', '.join(map(str, sorted(sizes)))} pixels"
        )
    return sizes.pop()
