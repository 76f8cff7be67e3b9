"""Embed a very large collection of pictures with Apache Beam, shard by shard.

    pip install -e ".[beam]"
    python experiments/embed_collection.py --encoder_dir=runs/mine --data_dir=FOLDER \
        --output_dir=collection
    python experiments/embed_collection.py ... \
        --beam_options="--direct_num_workers=4 --direct_running_mode=multi_processing"

The pictures are listed once and cut into shards. Each shard becomes a file of embeddings like that
of embed.py, in --output_dir/shards, and with --join all of them become embeddings.npz. The same
command goes on after a stop: finished shards are not made again. What cannot be read is in
skipped.csv. `--beam_options` chooses Beam's runner, by default this machine alone; every machine of
a runner must see both folders and the encoder at the paths given, so give absolute ones. Copies are
embedded as often as they come, and later changes in the folder are not seen: embed.py keeps a
folder of up to some million pictures up to date.
"""

from __future__ import annotations

import pathlib
import shlex

from absl import flags

from experiments import decoding_flags, embedding_flags, launcher, model_flags

_DATA_DIR = flags.DEFINE_string("data_dir", None, "folder of pictures: class sub-folders or flat")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "collection", "folder of the results")
_SHARD_SIZE = flags.DEFINE_integer("shard_size", 10_000, "pictures of a shard, at least 1")
_BEAM_OPTIONS = flags.DEFINE_string("beam_options", "", "of Apache Beam, such as --runner=NAME")
_JOIN = flags.DEFINE_bool("join", True, "also write all embeddings to embeddings.npz")
flags.mark_flag_as_required("data_dir")


def main() -> None:
    """Reads the flags, embeds and joins."""
    from simclr_tf.protocols.collection import embed_collection, join_shards
    from simclr_tf.protocols.collection.embedding_collection import check_beam

    check_beam()
    settings = embedding_flags.read_settings()
    output = pathlib.Path(_OUTPUT_DIR.value).expanduser()
    launcher.import_tensorflow()
    report = embed_collection(
        _DATA_DIR.value,
        model_flags.read_source(),
        output,
        settings,
        shard_size=_SHARD_SIZE.value,
        label_depth=decoding_flags.LABEL_DEPTH.value,
        options=shlex.split(_BEAM_OPTIONS.value),
    )
    print(
        f"{report.pictures} embeddings in {report.plan.shards} shards; {report.num_new} shards "
        f"new, {report.num_kept} kept, {len(report.skipped)} pictures skipped"
    )
    if _JOIN.value:
        join_shards(report.plan, output / "embeddings.npz")
        print(f"Embeddings: {output / 'embeddings.npz'}")
    else:
        print(f"Embeddings: {output / 'shards'}")


if __name__ == "__main__":
    launcher.launch(main)
