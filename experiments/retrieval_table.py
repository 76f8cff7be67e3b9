"""Compare encoders by retrieval on folders with classes: one table, with intervals.

    python experiments/retrieval_table.py --data_dirs=FOLDER,FOLDER \
        --encoders=pixels,imagenet=FILE.h5,simclr=runs/mine,supcon-tuned=runs/tuned
    python experiments/retrieval_table.py --data_dirs=scenes,groceries --held_out \
        "--encoders=pixels,simclr=runs/{data}_simclr/version_*,SupCon:supcon-tuned=runs/{data}_*"

Every picture is embedded once; every seed draws anew which pictures are gallery and which are
queries. Where the folders of the classes are nested, the innermost are the fine classes and the
outermost the coarse ones. `--held_out` takes as queries only the test pictures, which training
never sees, and as gallery the others: needed for encoders that were trained on these folders, or
the table ends with a word on it. `{data}` stands for each folder's name; runs of one training with
other seeds are joined by `*` and have one row, with their spread. Writes retrieval_table.json,
retrieval_table.md and the embeddings, which the next run uses again.
"""

from __future__ import annotations

import os
import pathlib
import sys
from typing import TYPE_CHECKING

from absl import flags
from tqdm import tqdm

from experiments import decoding_flags, launcher, table_encoders
from experiments.settings_flags import SettingsFlags
from simclr_tf.protocols.retrieval_table_settings import RetrievalTableSettings

if TYPE_CHECKING:
    from simclr_tf.protocols.labelled_folder import LabelledFolder

_DATA_DIRS = flags.DEFINE_list("data_dirs", None, "folders with a sub-folder for each class")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "retrieval_table", "folder of the results")
_SETTINGS = SettingsFlags(RetrievalTableSettings)
flags.mark_flag_as_required("data_dirs")
flags.set_default(decoding_flags.LABEL_DEPTH, -1)


def main() -> None:
    """Reads the flags, embeds and measures."""
    settings = _SETTINGS.read()
    decoding_flags.check_decoding()
    encoders = table_encoders.read_encoders([_name(path) for path in _DATA_DIRS.value])
    folders = [_folder(path) for path in _DATA_DIRS.value]
    launcher.import_tensorflow()
    from simclr_tf.protocols.retrieval_table import compare_by_retrieval

    output = pathlib.Path(_OUTPUT_DIR.value).expanduser()
    with tqdm(desc="embedding", unit=" pictures", leave=False, delay=1) as bar:

        def show(what: str, done: int, total: int) -> None:
            if not bar.desc.startswith(what):
                bar.reset(total)
                bar.set_description(what, refresh=False)
            bar.total = total
            bar.update(done - bar.n)

        table = compare_by_retrieval(folders, encoders, output, settings, show)
    print(table)
    print(f"Results: {output / 'retrieval_table.json'}, {output / 'retrieval_table.md'}")


def _name(path: str) -> str:
    return os.path.basename(os.path.abspath(os.path.expanduser(path)))


def _folder(path: str) -> LabelledFolder:
    from simclr_tf.protocols.labelled_folder import read_labelled_folder

    folder = read_labelled_folder(
        path, label_depth=decoding_flags.LABEL_DEPTH.value, cache_dir=decoding_flags.CACHE_DIR.value
    )
    for warning in folder.index.warnings:
        print(f"Warning: {warning}", file=sys.stderr)
    return folder


if __name__ == "__main__":
    launcher.launch(main)
