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
from simclr_tf.files import write_atomically, write_json
from simclr_tf.protocols.embedding import embed_pictures
from simclr_tf.protocols.labelled_folder import LabelledFolder
from simclr_tf.protocols.retrieval_draws import MEASURES, measure_draws
from simclr_tf.protocols.retrieval_table_settings import RetrievalTableSettings
from simclr_tf.protocols.table_encoder import TableEncoder
from simclr_tf.retrieval import Embeddings

FINE, COARSE = "fine", "coarse"


def compare_by_retrieval(
    folders: Sequence[LabelledFolder],
    encoders: Sequence[TableEncoder],
    output_dir: str | os.PathLike[str],
    settings: RetrievalTableSettings | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> str:
    """Measures every encoder on its folders.

    Of an encoder with several runs, all runs see the same pictures in the same draws, and a row
    holds their mean and spread.

    Args:
        folders: See `read_labelled_folder`.
        encoders: Those of one folder with different names.
        output_dir: Folder of retrieval_table.json, retrieval_table.md and embeddings/.
        settings: Draws and intervals.
        progress: Called with (what is embedded, pictures done, all pictures).

    Returns:
        The table as Markdown; below it, which queries may have been seen in training.

    Raises:
        ValueError: Two folders or two encoders of a folder have one name, a folder has nothing to
            find, or an encoder cannot be run.
        OSError: A file cannot be written.
    """
    settings = settings or RetrievalTableSettings()
    _check_names(folders, encoders)
    output = pathlib.Path(output_dir)
    rows: list[dict[str, Any]] = []
    warnings: list[str] = []
    for folder in folders:
        index = folder.draw(settings.pictures_per_class)
        for encoder in (each for each in encoders if each.data in ("", index.name)):
            runs = _embed(folder, index, encoder, output, progress)
            origin = {
                "data": index.name,
                "encoder": encoder.name,
                "sources": [source.description() for source in encoder.sources],
                **dataclasses.asdict(encoder.settings),
                "pictures": len(runs[0]),
                "copies_left_out": folder.copies,
            }
            measured = _measure(folder, index, runs, settings)
            rows += [{**origin, "labels": level, **row} for level, row in measured.items()]
            warnings.append(encoder.seen_before(index.name, settings.held_out))
    warnings = [warning for warning in warnings if warning]
    table = format_retrieval_table(rows, settings) + "".join(f"\n{line}.\n" for line in warnings)
    write_json(
        output / "retrieval_table.json",
        {"settings": dataclasses.asdict(settings), "rows": rows, "warnings": warnings},
    )
    write_atomically(output / "retrieval_table.md", table)
    return table


def format_retrieval_table(
    rows: Sequence[Mapping[str, Any]], settings: RetrievalTableSettings
) -> str:
    """Returns rows of `compare_by_retrieval` as a Markdown table, in %, with their intervals."""
    queries = "held-out test pictures" if settings.held_out else "queries"
    several = any(len(row["sources"]) > 1 for row in rows)
    spread = "; after ± the standard deviation over the runs of an encoder" if several else ""
    lines = [
        f"Retrieval in %, mean over {settings.seeds} draws of gallery and {queries}; in brackets "
        f"the 95 % interval over query pictures{spread}.",
        "",
        "| data | classes | encoder | pixels | top-1 | top-3 | top-5 | mAP@R |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        classes = f"{row['classes']} {row['labels']}".strip()
        runs = len(row["sources"])
        name = f"{row['encoder']}, {runs} runs" if runs > 1 else row["encoder"]
        cells = [row["data"], classes, name, str(row["image_size"])]
        for measure in MEASURES:
            low, high = (100 * bound for bound in row[measure]["ci95"])
            mean = f"{100 * row[measure]['mean']:.1f}"
            if runs > 1:
                mean += f" ± {100 * row[measure]['runs_std']:.1f}"
            cells.append(f"{mean} ({low:.1f}–{high:.1f})")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _check_names(folders: Sequence[LabelledFolder], encoders: Sequence[TableEncoder]) -> None:
    names = [folder.index.name for folder in folders]
    if len(set(names)) < len(names):
        raise ValueError(f"The folders must have different names. Received: {', '.join(names)}")
    for data in names:
        called = [encoder.name for encoder in encoders if encoder.data in ("", data)]
        if len(set(called)) < len(called):
            raise ValueError(
                f"The encoders of {data} must have different names. Received: {', '.join(called)}"
            )


def _embed(
    folder: LabelledFolder,
    index: PictureIndex,
    encoder: TableEncoder,
    output: pathlib.Path,
    progress: Callable[[str, int, int], None] | None,
) -> list[Embeddings]:
    """Returns the embeddings of each run, of the same pictures."""
    runs = []
    for number, source in enumerate(encoder.sources):
        what = f"{encoder.name} on {index.name}"
        file_name = f"{index.name}_{encoder.name.replace(os.sep, '_')}"
        if len(encoder.sources) > 1:
            what, file_name = f"{what}, run {number}", f"{file_name}_{number}"
        report = embed_pictures(
            index,
            source,
            output / "embeddings" / f"{file_name}.npz",
            encoder.settings,
            root=folder.root,
            overwrite=True,
            progress=None if progress is None else _named(progress, what),
        )
        runs.append(report.embeddings)
    return runs


def _measure(
    folder: LabelledFolder,
    index: PictureIndex,
    runs: Sequence[Embeddings],
    settings: RetrievalTableSettings,
) -> dict[str, dict[str, Any]]:
    # The file leaves out pictures that cannot be read, the same ones for each run.
    embeddings = runs[0]
    split_of = dict(zip(index.ids, index.splits, strict=True))
    held_out = np.array([split_of[name] == TEST for name in embeddings.ids])
    levels = {"": np.asarray(embeddings.labels, np.int64)}
    if folder.coarse_class:
        coarse = [folder.coarse_class[name] for name in embeddings.ids]
        levels = {FINE: levels[""], COARSE: np.unique(coarse, return_inverse=True)[1]}
    return measure_draws(
        [np.asarray(run.embeddings) for run in runs],
        levels,
        held_out if settings.held_out else None,
        settings,
    )


def _named(progress: Callable[[str, int, int], None], what: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(what, done, total)
