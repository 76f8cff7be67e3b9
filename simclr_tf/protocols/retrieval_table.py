"""Encoders beside one another on folders with classes: embedded once, measured several times."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from simclr_tf.data import PictureIndex
from simclr_tf.data.splits import TEST
from simclr_tf.encoders.source import EncoderSource
from simclr_tf.files import write_atomically, write_json
from simclr_tf.protocols.embedding import embed_pictures
from simclr_tf.protocols.embedding_settings import EmbeddingSettings
from simclr_tf.protocols.labelled_folder import LabelledFolder
from simclr_tf.protocols.retrieval_draws import MEASURES, measure_draws
from simclr_tf.protocols.retrieval_table_settings import RetrievalTableSettings
from simclr_tf.retrieval import Embeddings

FINE, COARSE = "fine", "coarse"


def compare_by_retrieval(
    folders: Sequence[LabelledFolder],
    encoders: Mapping[str, tuple[EncoderSource, EmbeddingSettings]],
    output_dir: str | os.PathLike[str],
    settings: RetrievalTableSettings | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> str:
    """Measures every encoder on every folder.

    Args:
        folders: See `read_labelled_folder`.
        encoders: Source and way of embedding by the name that stands in the table.
        output_dir: Folder of retrieval_table.json, retrieval_table.md and embeddings/.
        settings: Draws and intervals.
        progress: Called with (what is embedded, pictures done, all pictures).

    Returns:
        The table as Markdown.

    Raises:
        ValueError: Two folders have one name, a folder has nothing to find, or an encoder cannot
            be run.
        OSError: A file cannot be written.
    """
    settings = settings or RetrievalTableSettings()
    names = [folder.index.name for folder in folders]
    if len(set(names)) < len(names):
        raise ValueError(f"The folders must have different names. Received: {', '.join(names)}")
    output = pathlib.Path(output_dir)
    rows: list[dict[str, Any]] = []
    for folder in folders:
        index = folder.draw(settings.pictures_per_class)
        for name, (source, how) in encoders.items():
            what = f"{name} on {index.name}"
            embeddings = embed_pictures(
                index,
                source,
                output / "embeddings" / f"{index.name}_{name.replace(os.sep, '_')}.npz",
                how,
                root=folder.root,
                overwrite=True,
                progress=None if progress is None else _named(progress, what),
            ).embeddings
            origin = {
                "data": index.name,
                "encoder": name,
                "source": source.description(),
                **dataclasses.asdict(how),
                "pictures": len(embeddings),
                "copies_left_out": folder.copies,
            }
            measured = _measure(folder, index, embeddings, settings)
            rows += [{**origin, "labels": level, **row} for level, row in measured.items()]
    table = format_retrieval_table(rows, settings)
    write_json(
        output / "retrieval_table.json", {"settings": dataclasses.asdict(settings), "rows": rows}
    )
    write_atomically(output / "retrieval_table.md", table)
    return table


def format_retrieval_table(
    rows: Sequence[Mapping[str, Any]], settings: RetrievalTableSettings
) -> str:
    """Returns rows of `compare_by_retrieval` as a Markdown table, in %, with their intervals."""
    queries = "held-out test pictures" if settings.held_out else "queries"
    lines = [
        f"Retrieval in %, mean over {settings.seeds} draws of gallery and {queries}; in brackets "
        "the 95 % interval over query pictures.",
        "",
        "| data | classes | encoder | pixels | top-1 | top-3 | top-5 | mAP@R |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        classes = f"{row['classes']} {row['labels']}".strip()
        cells = [row["data"], classes, row["encoder"], str(row["image_size"])]
        for name in MEASURES:
            low, high = (100 * bound for bound in row[name]["ci95"])
            cells.append(f"{100 * row[name]['mean']:.1f} ({low:.1f}–{high:.1f})")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _measure(
    folder: LabelledFolder,
    index: PictureIndex,
    embeddings: Embeddings,
    settings: RetrievalTableSettings,
) -> dict[str, dict[str, Any]]:
    # The file leaves out pictures that cannot be read.
    split_of = dict(zip(index.ids, index.splits, strict=True))
    held_out = np.array([split_of[name] == TEST for name in embeddings.ids])
    levels = {"": np.asarray(embeddings.labels, np.int64)}
    if folder.coarse_class:
        coarse = [folder.coarse_class[name] for name in embeddings.ids]
        levels = {FINE: levels[""], COARSE: np.unique(coarse, return_inverse=True)[1]}
    return measure_draws(
        np.asarray(embeddings.embeddings),
        levels,
        held_out if settings.held_out else None,
        settings,
    )


def _named(progress: Callable[[str, int, int], None], what: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(what, done, total)
