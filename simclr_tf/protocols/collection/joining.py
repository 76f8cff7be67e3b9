"""The shards of a collection as one file of embeddings."""

from __future__ import annotations

import dataclasses
import os

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
    shape = (0, 0)
    ids: list[str] = []
    labels: list[np.ndarray] = []
    digests: list[np.ndarray] = []
    # One at a time: thousands of files cannot be open at once.
    for number in range(plan.shards):
        shard = _whole(plan, number)
        if len(shard):
            shape = (shape[0] + len(shard), shard.embeddings.shape[1])
            ids += shard.ids
            labels.append(shard.labels)
            digests.append(shard.sha256)
    if not ids:
        raise ValueError(f"No picture of {plan.root} can be read: see the table of those skipped.")
    joined = Embeddings(
        # The shape without the memory: the rows come shard by shard.
        embeddings=np.broadcast_to(np.zeros((), plan.settings.dtype), shape),
        ids=tuple(ids),
        labels=np.concatenate(labels),
        class_names=plan.class_names,
        sha256=np.concatenate(digests),
        encoder=plan.fingerprint,
        root=plan.root,
        description={
            "source": os.path.basename(plan.root),
            **dataclasses.asdict(plan.settings),
            "encoder": plan.origin,
        },
    )
    shards = (_whole(plan, number) for number in range(plan.shards))
    write_embeddings(output, joined, (shard.embeddings for shard in shards if len(shard)))


def _whole(plan: ShardPlan, number: int) -> Embeddings:
    shard = plan.read_shard(number)
    if shard is None:
        raise ValueError(f"{plan.shard(number)} is missing or damaged: embed the collection again.")
    return shard
