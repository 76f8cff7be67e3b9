"""Very large collections embedded shard by shard, by an engine that spreads the work."""

from simclr_tf.lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "CollectionReport": "simclr_tf.protocols.collection.embedding_collection",
        "ShardPlan": "simclr_tf.protocols.collection.shard_plan",
        "embed_collection": "simclr_tf.protocols.collection.embedding_collection",
        "embed_shard": "simclr_tf.protocols.collection.shard",
        "join_shards": "simclr_tf.protocols.collection.joining",
    },
)
