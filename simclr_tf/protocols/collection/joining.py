"""The shards of a collection as one file of embeddings."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator

import numpy as np

from simclr_tf.protocols.collection.shard_plan import ShardPlan
from simclr_tf.retrieval import Embeddings, write_embeddings


def join_shards(plan: ShardPlan, output: str | os.PathLike[str]) -> None:
    """Writes the embeddings of all shards, in order, to one file as `embed_pictures` writes it.

    The embeddings are read shard by shard; ids, labels and digests are in memory at once.

    Args:
        plan: Of the collection.
        output: File to write, `.npz`.

    Raises:
        ValueError: A shard is missing or damaged, or no picture of any can be read.
        OSError: The file cannot be written.
    """
    whole = (_whole(plan, number) for number in range(plan.shards))
    shards = [shard for shard in whole if len(shard)]
    if not shards:
        raise ValueError(f"No picture of {plan.root} can be read: see the table of those skipped.")
    # The shape without the memory: the rows come shard by shard.
    shape = (sum(map(len, shards)), shards[0].embeddings.shape[1])
    joined = Embeddings(
        embeddings=np.broadcast_to(np.zeros((), plan.settings.dtype), shape),
        ids=tuple(name for shard in shards for name in shard.ids),
        labels=np.concatenate([shard.labels for shard in shards]),
        class_names=plan.class_names,
        sha256=np.concatenate([shard.sha256 for shard in shards]),
        encoder=plan.fingerprint,
        root=plan.root,
        description={
            "source": os.path.basename(plan.root),
            **dataclasses.asdict(plan.settings),
            "encoder": plan.origin,
        },
    )

    def blocks() -> Iterator[np.ndarray]:
        for shard in shards:
            yield shard.embeddings

    write_embeddings(output, joined, blocks())


def _whole(plan: ShardPlan, number: int) -> Embeddings:
    shard = plan.read_shard(number)
    if shard is None:
        raise ValueError(f"{plan.shard(number)} is missing or damaged: embed the collection again.")
    return shard
