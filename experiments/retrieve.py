"""Show the most similar gallery pictures for every query, and measure them.

    python experiments/retrieve.py --encoder_dir=runs/mine --gallery_dir=FOLDER --query_dir=FOLDER
    python experiments/retrieve.py --encoder_dir=runs/mine --gallery_dir=FOLDER --query=a.jpg

Without queries every gallery picture is one, and never its own neighbour. Writes results.json
({query: [gallery pictures]}), results.csv with scores, panels.png, metrics.json where classes are
known, gallery.index, and gallery.npz and queries.npz, the embeddings, which the next run uses
again, each with a table of the pictures that cannot be read (gallery_skipped.csv).
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from absl import flags

from experiments import embedding_flags, launcher
from experiments.settings_flags import SettingsFlags
from simclr_tf.protocols.embedding_settings import SearchSettings

if TYPE_CHECKING:
    from simclr_tf.data import PictureIndex

_GALLERY_DIR = flags.DEFINE_string("gallery_dir", None, "folder of the pictures that are searched")
_QUERY_DIR = flags.DEFINE_string("query_dir", None, "folder of the queries; the gallery if unset")
_QUERY = flags.DEFINE_string("query", None, "one picture instead of a folder of queries")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "retrieved", "folder of the results")
_SETTINGS = SettingsFlags(SearchSettings)
flags.mark_flag_as_required("gallery_dir")


def main() -> None:
    """Reads the flags, embeds both folders and searches."""
    settings, embedding_settings = _SETTINGS.read(), embedding_flags.read_settings()
    gallery_index = embedding_flags.find_pictures(_GALLERY_DIR.value)
    query_index, query_root = _queries()
    output = pathlib.Path(_OUTPUT_DIR.value).expanduser()
    launcher.import_tensorflow()
    from simclr_tf.protocols.retrieving import retrieve

    gallery = embedding_flags.embed(
        gallery_index, _GALLERY_DIR.value, output / "gallery.npz", embedding_settings
    ).embeddings
    queries = gallery
    if query_index is not None:
        queries = embedding_flags.embed(
            query_index, query_root, output / "queries.npz", embedding_settings
        ).embeddings
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


def _queries() -> tuple[PictureIndex | None, str | None]:
    if _QUERY.value is None:
        if _QUERY_DIR.value is None:
            return None, None
        return embedding_flags.find_pictures(_QUERY_DIR.value), _QUERY_DIR.value
    if _QUERY_DIR.value is not None:
        raise ValueError(
            "Only one of `query` and `query_dir` may be given. Received: "
            f"query={_QUERY.value!r}, query_dir={_QUERY_DIR.value!r}"
        )
    from simclr_tf.data import index_picture

    return index_picture(_QUERY.value), str(pathlib.Path(_QUERY.value).expanduser().parent)


if __name__ == "__main__":
    launcher.launch(main)
