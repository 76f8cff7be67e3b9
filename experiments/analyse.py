"""Show what an embedding sees, or what fine-tuning changed in it, in one page.

    python experiments/analyse.py --embeddings=embedded/embeddings.npz
    python experiments/analyse.py --embeddings=before/embeddings.npz --after=after/embeddings.npz

Takes files of embed.py and writes report.html, which holds everything and needs no network:
maps (t-SNE and PCA), accuracy and likeness of the classes, the most confused ones with pictures,
the threshold between same and different, clusters, copies within and across splits, outliers and
doubtful labels; and analysis.json, the figures as PNG and tables as CSV.
`tensorboard --logdir=analysis/projector` opens what --projector writes.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from absl import flags
from tqdm import tqdm

from experiments import launcher
from experiments.settings_flags import SettingsFlags
from simclr_tf.protocols.analysis.settings import AnalysisSettings

if TYPE_CHECKING:
    from simclr_tf.protocols.analysis.joined import ReadPictures
    from simclr_tf.retrieval import Embeddings

_EMBEDDINGS = flags.DEFINE_string("embeddings", None, "file of embed.py, or its folder")
_AFTER = flags.DEFINE_string("after", None, "the same pictures embedded by another encoder")
_DATA_DIR = flags.DEFINE_string("data_dir", None, "where the pictures are now, if they were moved")
_DATASET = flags.DEFINE_string("dataset", None, "the data set whose pictures were embedded")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "analysis", "folder of the results")
_SETTINGS = SettingsFlags(AnalysisSettings)
flags.mark_flag_as_required("embeddings")


def main() -> None:
    """Reads the flags and the files, and analyses them."""
    settings = _SETTINGS.read()
    files = {"embedding": _read("embeddings", _EMBEDDINGS.value)}
    if _AFTER.value is not None:
        files = {"before": files["embedding"], "after": _read("after", _AFTER.value)}
    read_pictures = _read_pictures()
    output = pathlib.Path(_OUTPUT_DIR.value).expanduser()
    launcher.import_tensorflow()
    from simclr_tf.protocols import analyse

    with tqdm(bar_format="{desc} ({elapsed})", leave=False, delay=1) as bar:
        result = analyse(
            files, output, settings, read_pictures=read_pictures, progress=bar.set_description_str
        )
    for name, figures in result["embeddings"].items():
        if figures["retrieval"] is not None:
            names = ("top_1", "top_5", "map_at_r")
            shown = (f"{key} {100 * figures['retrieval'][key]:.1f} %" for key in names)
            print(f"{name}: {', '.join(shown)}")
    for left_out in result["left_out"]:
        print(f"Left out: {left_out['part']}. {left_out['reason']}")
    print(f"Report: {output / 'report.html'}")


def _read(flag: str, value: str) -> Embeddings:
    from simclr_tf.retrieval import read_embeddings

    path = pathlib.Path(value).expanduser()
    if path.is_dir():
        path = path / "embeddings.npz"
    if not path.is_file():
        raise ValueError(
            f"`{flag}` must be a file of embed.py, or a folder with embeddings.npz in it. "
            f"Received: {flag}={value!r}"
        )
    return read_embeddings(path)


def _read_pictures() -> ReadPictures | None:
    if _DATA_DIR.value is not None and _DATASET.value is not None:
        raise ValueError(
            "Only one of `data_dir` and `dataset` may be given. Received: "
            f"data_dir={_DATA_DIR.value!r}, dataset={_DATASET.value!r}"
        )
    if _DATA_DIR.value is not None:
        from simclr_tf.data.decode_many import decode_files

        folder = pathlib.Path(_DATA_DIR.value).expanduser()
        if not folder.is_dir():
            raise ValueError(
                f"`data_dir` must be an existing folder. Received: data_dir={_DATA_DIR.value!r}"
            )
        return lambda ids, size, mode: decode_files(str(folder), ids, size, mode)
    if _DATASET.value is not None:
        launcher.import_tensorflow()
        from simclr_tf.data import index_pictures
        from simclr_tf.data.selection import Selection

        selection = Selection(validation_fraction=0.0, test_fraction=0.0)
        return index_pictures(None, _DATASET.value, selection).decode
    return None


if __name__ == "__main__":
    launcher.launch(main)
