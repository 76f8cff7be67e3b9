"""Show the most similar gallery pictures for every query, and measure them.

    python experiments/retrieve.py --encoder_dir=runs/mine --gallery_dir=FOLDER --query_dir=FOLDER
    python experiments/retrieve.py --encoder_dir=runs/mine --gallery_dir=FOLDER --query=a.jpg
    python experiments/retrieve.py --model_type=facenet --weights=F.tflite --custom_dataset=DIR

`--model_type` names a kind of encoder instead: simclr, supcon-tuned, facenet, imagenet, frozen (any
.tflite, SavedModel or .keras) or pixels. `--custom_dataset` is a folder with query/ and gallery/.
Without queries every gallery picture is one, and never its own neighbour. Writes results.json
({query: [gallery pictures]}), results.csv with scores, panels.png, metrics.json where classes are
known, gallery.index, and gallery.npz and queries.npz, the embeddings, which the next run uses
again, each with a table of the pictures that cannot be read (gallery_skipped.csv). `--strategy`
shares the embedding among several GPUs or machines.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from absl import flags

from experiments import distribution_flags, embedding_flags, embedding_run, launcher
from experiments.settings_flags import SettingsFlags
from simclr_tf.protocols.embedding_settings import SearchSettings

if TYPE_CHECKING:
    from simclr_tf.data import PictureIndex
    from simclr_tf.retrieval import Embeddings

_GALLERY_DIR = flags.DEFINE_string("gallery_dir", None, "folder of the pictures that are searched")
_QUERY_DIR = flags.DEFINE_string("query_dir", None, "folder of the queries; the gallery if unset")
_QUERY = flags.DEFINE_string("query", None, "one picture instead of a folder of queries")
_CUSTOM_DATASET = flags.DEFINE_string(
    "custom_dataset", None, "folder with query/ and gallery/, instead of the two flags above"
)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "retrieved", "folder of the results")
_SETTINGS = SettingsFlags(SearchSettings)


def main() -> None:
    """Reads the flags, embeds both folders and searches."""
    settings = _SETTINGS.read()
    gallery_dir, query_dir = _folders()
    embedding_settings = embedding_flags.read_settings()
    output = pathlib.Path(_OUTPUT_DIR.value).expanduser()
    with distribution_flags.strategy_scope(embedding_run.config(embedding_settings)):
        gallery_index = embedding_flags.find_pictures(gallery_dir, argument="gallery_dir")
        query_index, query_root = _queries(query_dir)
        launcher.import_tensorflow()
        gallery = queries = embedding_run.embed(
            gallery_index, gallery_dir, output / "gallery.npz", embedding_settings
        )
        if query_index is not None:
            queries = embedding_run.embed(
                query_index, query_root, output / "queries.npz", embedding_settings
            )
        # A worker that is not the chief has nothing.
        if gallery is not None and queries is not None:
            _search(queries.embeddings, gallery.embeddings, output, settings)


def _search(
    queries: Embeddings, gallery: Embeddings, output: pathlib.Path, settings: SearchSettings
) -> None:
    """Searches, and prints the figures."""
    from simclr_tf.protocols.retrieving import retrieve

    results = retrieve(queries, gallery, output, settings)
    if results.metrics is not None:
        names = ("top_1", "top_3", "top_5", "map_at_r")
        figures = ", ".join(f"{name} {100 * results.metrics[name]:.1f} %" for name in names)
        print(f"{results.metrics['queries']} queries with a class in the gallery: {figures}")
    if _QUERY.value is not None:
        paths = gallery.paths
        for row, score in zip(results.rows[0], results.scores[0], strict=True):
            print(f"{score:.4f} {paths[row]}")
    print(f"Results: {output}")


def _folders() -> tuple[str, str | None]:
    """Returns the folder of the gallery and, where there is one, of the queries."""
    gallery_dir, query_dir, custom = _GALLERY_DIR.value, _QUERY_DIR.value, _CUSTOM_DATASET.value
    if custom is None:
        if gallery_dir is None:
            raise ValueError(
                "One of `gallery_dir` and `custom_dataset` must be given. Received: neither"
            )
        return gallery_dir, query_dir
    if gallery_dir is not None or query_dir is not None:
        raise ValueError(
            "`custom_dataset` may be given only without `gallery_dir` and `query_dir`. Received: "
            f"custom_dataset={custom!r}, gallery_dir={gallery_dir!r}, query_dir={query_dir!r}"
        )
    folder = pathlib.Path(custom).expanduser()
    # Competitions hand out training/ and test/, with the two inside the latter.
    for parent in (folder, folder / "test"):
        if (parent / "gallery").is_dir() and (parent / "query").is_dir():
            query = None if _QUERY.value is not None else str(parent / "query")
            return str(parent / "gallery"), query
    raise ValueError(
        "`custom_dataset` must be a folder with query/ and gallery/ in it or in its test/. "
        f"Received: custom_dataset={custom!r}"
    )


def _queries(query_dir: str | None) -> tuple[PictureIndex | None, str | None]:
    if _QUERY.value is None:
        if query_dir is None:
            return None, None
        return embedding_flags.find_pictures(query_dir, argument="query_dir"), query_dir
    if query_dir is not None:
        raise ValueError(
            "Only one of `query` and `query_dir` may be given. Received: "
            f"query={_QUERY.value!r}, query_dir={query_dir!r}"
        )
    from simclr_tf.data import index_picture

    return index_picture(_QUERY.value), str(pathlib.Path(_QUERY.value).expanduser().parent)


if __name__ == "__main__":
    launcher.launch(main)
