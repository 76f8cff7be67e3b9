"""Turn a folder or data set into one file of embeddings, and keep it up to date.

    python experiments/embed.py --encoder_dir=runs/mine --data_dir=FOLDER --output_dir=embedded
    python experiments/embed.py --model_type=facenet --weights=FILE.tflite --data_dir=FOLDER

The encoder may also be a model of somebody else: a .tflite file, a SavedModel folder or a .keras
file (`--frozen_scaling` says how it wants its pictures), ImageNet weights, or raw pixels.
Writes embeddings.npz (embeddings, ids, labels, class names, fingerprint of the encoder) and
embeddings_skipped.csv (pictures that cannot be read). The same command goes on after a stop, and
later embeds only what is new or changed. `--strategy` shares the work among several GPUs or
machines; embed_collection.py is for collections that take an engine of many machines.
"""

from __future__ import annotations

import pathlib

from absl import flags

from experiments import distribution_flags, embedding_flags, embedding_run, launcher

_DATA_DIR = flags.DEFINE_string("data_dir", None, "folder of pictures: class sub-folders or flat")
_DATASET = flags.DEFINE_string("dataset", None, "name of a TensorFlow data set, or symbols")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "embedded", "folder of the results")


def main() -> None:
    """Reads the flags and embeds."""
    settings = embedding_flags.read_settings()
    output = pathlib.Path(_OUTPUT_DIR.value).expanduser() / "embeddings.npz"
    with distribution_flags.strategy_scope(embedding_run.config(settings)):
        index = embedding_flags.find_pictures(_DATA_DIR.value, _DATASET.value)
        launcher.import_tensorflow()
        embedding_run.embed(index, _DATA_DIR.value, output, settings)
        print(f"Embeddings: {output}")


if __name__ == "__main__":
    launcher.launch(main)
