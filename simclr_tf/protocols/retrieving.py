"""The most similar gallery pictures for every query, with figures and a picture of them."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from simclr_tf.data import UnreadablePicture, decode_picture
from simclr_tf.data.picture_set import UNLABELLED
from simclr_tf.files import write_csv, write_json
from simclr_tf.metrics import RetrievalReport, evaluate_retrieval
from simclr_tf.plots import Neighbour, plot_neighbours, save_figure
from simclr_tf.protocols.embedding_settings import SearchSettings
from simclr_tf.retrieval import Embeddings, gallery_index

_KS = (1, 3, 5)
_PANEL_PIXELS = 128
# More would not be told apart, and matplotlib refuses a figure of 65,536 pixels.
_PANEL_NEIGHBOURS = 12


@dataclasses.dataclass(frozen=True, eq=False)
class RetrievalResults:
    """What `retrieve` found.

    Attributes:
        rows: Gallery rows int64 `[q, k]`, nearest first.
        scores: Their cosines float32 `[q, k]`.
        metrics: As in metrics.json; None where no query has a class in the gallery.
    """

    rows: np.ndarray
    scores: np.ndarray
    metrics: dict[str, Any] | None


def retrieve(
    queries: Embeddings,
    gallery: Embeddings,
    output_dir: str | os.PathLike[str],
    settings: SearchSettings | None = None,
) -> RetrievalResults:
    """Searches a gallery for every query and writes what was found.

    A query that is a file of the gallery is left out of its own neighbours, whatever folder it
    was reached through; other links to that file count as copies and stay. Classes are compared
    by their names.

    Args:
        queries: Embeddings of the queries.
        gallery: Embeddings of the gallery, of the same encoder.
        output_dir: Folder of gallery.index (by the pictures' paths; that of the same gallery is
            opened, see `gallery_index`), results.json (`{query: [gallery pictures]}`),
            results.csv, panels.png (up to 12 neighbours) where the pictures are files and, where
            classes are known, metrics.json. Older files of these names do not stay.
        settings: How.

    Returns:
        What was found.

    Raises:
        ValueError: `top_k` exceeds the gallery, or the encoders differ.
        OSError: A file cannot be written.
    """
    settings = settings or SearchSettings()
    output = pathlib.Path(output_dir)
    output.mkdir(parents=True, exist_ok=True)
    own_ids, gallery_ids = _paths_in_gallery(queries, gallery), gallery.paths
    within = set(gallery_ids)
    others = len(gallery) - (not within.isdisjoint(own_ids))
    if settings.top_k > others:
        raise ValueError(
            f"`top_k` must be at most the number of gallery pictures beside the query, {others}. "
            f"Received: top_k={settings.top_k}"
        )
    index = gallery_index(output / "gallery.index", gallery, settings.engine)
    exclude = [name if name in within else None for name in own_ids]
    found, scores = index.search(
        queries.embeddings,
        settings.top_k,
        exclude=exclude if any(exclude) else None,
        encoder=queries.encoder,
    )
    row_of = {name: row for row, name in enumerate(gallery_ids)}
    rows = np.array([[row_of[name] for name in line] for line in found], np.int64)
    write_json(
        output / "results.json",
        {
            name: [gallery.ids[row] for row in line]
            for name, line in zip(queries.ids, rows, strict=True)
        },
    )
    labels, gallery_labels, names = _shared_labels(queries, gallery)
    _write_table(output, queries, gallery, rows, scores, labels, gallery_labels, names)
    _draw(output, settings, queries, gallery, rows, scores, labels, gallery_labels, names)
    report = _evaluate(queries, gallery, own_ids, gallery_ids, labels, gallery_labels, settings)
    metrics = None
    if report is None:
        (output / "metrics.json").unlink(missing_ok=True)
    else:
        metrics = report.summary(names, resamples=settings.resamples, seed=settings.seed)
        write_json(output / "metrics.json", metrics)
    return RetrievalResults(rows, scores, metrics)


def _paths_in_gallery(queries: Embeddings, gallery: Embeddings) -> list[str]:
    """Returns the queries' paths, for a file of the gallery the one that it has there."""
    own, within = queries.paths, set(gallery.paths)
    if not queries.root or not gallery.root:
        return list(own)
    path_of: dict[str, str] = {}
    # One file has one content; to resolve the links in every path of a large gallery takes long.
    wanted = {digest.tobytes() for digest in queries.sha256}
    for path, digest in zip(gallery.paths, gallery.sha256, strict=True):
        if digest.tobytes() in wanted:
            path_of.setdefault(os.path.realpath(path), path)
    return [p if p in within else path_of.get(os.path.realpath(p), p) for p in own]


def _shared_labels(
    queries: Embeddings, gallery: Embeddings
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Returns the labels of both, int64 `[q]` and `[g]`, in one numbering, and its names."""
    names = sorted({*queries.class_names, *gallery.class_names})
    number = {name: label for label, name in enumerate(names)}

    def renumbered(embeddings: Embeddings) -> np.ndarray:
        table = np.array([*(number[n] for n in embeddings.class_names), UNLABELLED], np.int64)
        return table[embeddings.labels]  # -1 takes the last entry, which is -1

    return renumbered(queries), renumbered(gallery), names


def _evaluate(
    queries: Embeddings,
    gallery: Embeddings,
    own_ids: Sequence[str],
    gallery_ids: Sequence[str],
    labels: np.ndarray,
    gallery_labels: np.ndarray,
    settings: SearchSettings,
) -> RetrievalReport | None:
    known = gallery_labels[gallery_labels != UNLABELLED]
    own = {name: label for name, label in zip(gallery_ids, gallery_labels.tolist(), strict=True)}
    counts = np.bincount(known, minlength=1)
    for name, label in zip(own_ids, labels.tolist(), strict=True):
        in_gallery = counts[label] if 0 <= label < len(counts) else 0
        if in_gallery - (own.get(name) == label) > 0:
            break
    else:
        return None
    return evaluate_retrieval(
        queries.embeddings,
        labels,
        gallery.embeddings,
        gallery_labels,
        query_ids=own_ids,
        gallery_ids=gallery_ids,
        ks=sorted({*_KS, settings.top_k}),
    )


def _write_table(
    output: pathlib.Path,
    queries: Embeddings,
    gallery: Embeddings,
    rows: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    gallery_labels: np.ndarray,
    names: list[str],
) -> None:
    columns = ("query", "rank", "picture", "score", "query_class", "picture_class", "correct")
    lines = []
    for query, (line, cosines) in enumerate(zip(rows.tolist(), scores.tolist(), strict=True)):
        for rank, (row, cosine) in enumerate(zip(line, cosines, strict=True), 1):
            correct = _correct(labels[query], gallery_labels[row])
            values = (
                queries.ids[query],
                rank,
                gallery.ids[row],
                f"{cosine:.6f}",
                _name(names, labels[query]),
                _name(names, gallery_labels[row]),
                "" if correct is None else int(correct),
            )
            lines.append(dict(zip(columns, values, strict=True)))
    write_csv(output / "results.csv", lines, columns)


def _draw(
    output: pathlib.Path,
    settings: SearchSettings,
    queries: Embeddings,
    gallery: Embeddings,
    rows: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    gallery_labels: np.ndarray,
    names: list[str],
) -> None:
    count = min(settings.panels, len(queries))
    if not count or not queries.root or not gallery.root:
        (output / "panels.png").unlink(missing_ok=True)
        return
    query_paths, gallery_paths = queries.paths, gallery.paths
    # Spread over the queries, which are sorted by class.
    shown = np.linspace(0, len(queries) - 1, count).round().astype(int)
    found = [
        [
            Neighbour(
                _picture(gallery_paths[row]),
                float(scores[query, place]),
                _name(names, gallery_labels[row]) or os.path.basename(gallery.ids[row]),
                _correct(labels[query], gallery_labels[row]),
            )
            for place, row in enumerate(rows[query, :_PANEL_NEIGHBOURS])
        ]
        for query in shown
    ]
    axes = plot_neighbours(
        [_picture(query_paths[query]) for query in shown],
        found,
        [_name(names, labels[query]) or os.path.basename(queries.ids[query]) for query in shown],
    )
    save_figure(axes[0, 0].figure, output / "panels.png")


def _picture(path: str) -> np.ndarray:
    try:
        return decode_picture(path, _PANEL_PIXELS, "pad")
    except UnreadablePicture:
        # Deleted since it was embedded: a grey field stands for it.
        return np.full((_PANEL_PIXELS, _PANEL_PIXELS, 3), 200, np.uint8)


def _correct(label: np.int64, other: np.int64) -> bool | None:
    return None if UNLABELLED in (label, other) else bool(label == other)


def _name(names: list[str], label: np.int64) -> str:
    return "" if label == UNLABELLED else names[label]
