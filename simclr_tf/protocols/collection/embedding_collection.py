"""A collection of any size to shards of embeddings, without doing a finished one twice."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
from collections.abc import Callable, Sequence

from simclr_tf.data import SkippedPicture
from simclr_tf.encoders.source import EncoderSource, encoder_source
from simclr_tf.files import remove_unfinished, write_csv
from simclr_tf.protocols.collection.shard_plan import ShardPlan, open_plan
from simclr_tf.protocols.embedding_settings import EmbeddingSettings
from simclr_tf.runs.locks import lock_folder

SKIPPED = "skipped.csv"
Engine = Callable[[ShardPlan, Sequence[int], EncoderSource], None]
# Number of a shard -> pictures in it, and those that it lacks.
_Found = dict[int, tuple[int, list[SkippedPicture]]]


@dataclasses.dataclass(frozen=True)
class CollectionReport:
    """What `embed_collection` did.

    Attributes:
        plan: What was embedded.
        num_new: Shards that were made now.
        num_kept: Shards that were there already.
        pictures: Embedded in all of them.
        skipped: Pictures that cannot be read.
    """

    plan: ShardPlan
    num_new: int
    num_kept: int
    pictures: int
    skipped: tuple[SkippedPicture, ...]


def embed_collection(
    data_dir: str | os.PathLike[str],
    encoder: str | os.PathLike[str] | EncoderSource,
    output_dir: str | os.PathLike[str],
    settings: EmbeddingSettings | None = None,
    *,
    shard_size: int = 10_000,
    label_depth: int = 1,
    engine: Engine | None = None,
    options: Sequence[str] = (),
) -> CollectionReport:
    """Embeds every readable picture below a folder, shard by shard.

    `output_dir` gets plan.json, the list of each shard in lists/, its embeddings in shards/, each
    a file that `read_embeddings` reads, and skipped.csv. Called again after a stop, it makes the
    shards that are missing or damaged.

    Args:
        data_dir: Folder of pictures, see `list_image_folder`; every machine must see it.
        encoder: Its source, or a path that `encoder_source` takes.
        output_dir: Folder of the results; every machine must see it.
        settings: How.
        shard_size: Pictures of a shard, at least 1.
        label_depth: Which folder names the class.
        engine: Embeds the shards of these numbers; Apache Beam by default.
        options: Of Apache Beam, see `run_beam`.

    Returns:
        What was done.

    Raises:
        ValueError: There is no encoder or picture, `output_dir` holds something else or another
            process works there, or Apache Beam is not installed.
        OSError: A file cannot be written.
    """
    if engine is None:
        check_beam()
    settings = settings or EmbeddingSettings()
    source = encoder if isinstance(encoder, EncoderSource) else encoder_source(encoder)
    plan = open_plan(
        output_dir,
        data_dir,
        settings.fingerprint(source.fingerprint()),
        settings,
        source.description(),
        shard_size=shard_size,
        label_depth=label_depth,
    )
    lock = lock_folder(plan.folder, "output_dir")
    try:
        found, missing = _make_missing(plan, source, engine, options)
    finally:
        os.close(lock)
    unreadable = (picture for number in sorted(found) for picture in found[number][1])
    skipped = (*plan.unlisted, *unreadable)
    write_csv(
        plan.folder / SKIPPED,
        [dataclasses.asdict(picture) for picture in skipped],
        columns=("path", "reason"),
    )
    return CollectionReport(
        plan=plan,
        num_new=missing,
        num_kept=plan.shards - missing,
        pictures=sum(count for count, _ in found.values()),
        skipped=skipped,
    )


def _make_missing(
    plan: ShardPlan, source: EncoderSource, engine: Engine | None, options: Sequence[str]
) -> tuple[_Found, int]:
    """Returns what all shards hold, and how many of them were made now."""
    remove_unfinished(plan.folder / "shards")
    found = _found(plan, range(plan.shards))
    missing = [number for number in range(plan.shards) if number not in found]
    if missing:
        if engine is None:
            from simclr_tf.protocols.collection.beam_engine import run_beam

            run_beam(plan, missing, source, options)
        else:
            engine(plan, missing, source)
        found |= _found(plan, missing)
    lost = sorted(set(missing) - found.keys())
    if lost:
        raise ValueError(f"The engine has not made {plan.shard(lost[0])}; call it again.")
    return found, len(missing)


def check_beam() -> None:
    """Raises `ValueError` unless Apache Beam is installed."""
    if importlib.util.find_spec("apache_beam") is None:
        raise ValueError(
            "A collection is embedded with Apache Beam, which is not installed: "
            'pip install "simclr_tf[beam]"'
        )


def _found(plan: ShardPlan, numbers: Sequence[int]) -> _Found:
    """Returns how many pictures the finished shards hold, and which they lack."""
    found: _Found = {}
    for number in numbers:
        shard = plan.read_shard(number)
        if shard is not None:
            skipped = [SkippedPicture(*entry) for entry in shard.description["skipped"]]
            found[number] = len(shard), skipped
    return found
