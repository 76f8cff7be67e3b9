"""One shard: its pictures to one file of embeddings, which is there whole or not at all."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np

from simclr_tf.data.decode_many import decode_and_hash_files
from simclr_tf.protocols.collection.shard_plan import ShardPlan
from simclr_tf.protocols.embedding_store import as_stored
from simclr_tf.protocols.picture_embedder import PictureEmbedder
from simclr_tf.retrieval import Embeddings, write_embeddings


def embed_shard(plan: ShardPlan, number: int, embed: PictureEmbedder) -> None:
    """Embeds the pictures of a shard and writes its file.

    The pictures that cannot be read are named in the file, with the reason.

    Args:
        plan: What to embed.
        number: Of the shard, from 0.
        embed: The encoder, with the settings of the plan.

    Raises:
        ValueError: The encoder takes pictures of another size, or its features are not finite or
            do not fit the type.
        OSError: The file cannot be written.
    """
    settings = plan.settings
    paths, labels = plan.listed(number)
    decoded = decode_and_hash_files(plan.root, paths, settings.decoded_size, settings.resize_mode)
    embeddings: list[np.ndarray] = []
    digests: list[bytes] = []
    kept: list[int] = []
    skipped: list[list[str]] = []
    for start in range(0, len(paths), settings.batch_size):
        batch = list(itertools.islice(decoded, settings.batch_size))
        pictures = [found if isinstance(found, str) else found[1] for found in batch]
        embedded, readable = embed.readable(pictures, len(batch))
        if readable.any():
            embeddings.append(as_stored(embedded[readable], settings.dtype))
        for row, found in enumerate(batch, start):
            if isinstance(found, str):
                skipped.append([paths[row], found])
            else:
                digests.append(found[0])
                kept.append(row)
    none = np.empty((0, 0), settings.dtype)
    write_embeddings(
        plan.shard(number),
        Embeddings(
            embeddings=np.concatenate(embeddings) if embeddings else none,
            ids=tuple(paths[row] for row in kept),
            labels=np.array([labels[row] for row in kept], np.int32),
            class_names=plan.class_names,
            sha256=np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 32),
            encoder=plan.fingerprint,
            root=plan.root,
            description={
                **dataclasses.asdict(settings),
                "encoder": plan.origin,
                "shard": [number, plan.shards],
                "skipped": skipped,
            },
        ),
    )
