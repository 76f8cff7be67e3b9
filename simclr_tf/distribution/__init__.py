"""One training on several devices or machines: everything that differs from one device."""

from simclr_tf.lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "Cluster": "simclr_tf.distribution.cluster",
        "apply_gradients": "simclr_tf.distribution.gradients",
        "build_strategy": "simclr_tf.distribution.strategy",
        "check_workers_agree": "simclr_tf.distribution.workers",
        "distribute_batches": "simclr_tf.distribution.batches",
        "gather_rows": "simclr_tf.distribution.replicas",
        "is_chief": "simclr_tf.distribution.workers",
        "join_rows": "simclr_tf.distribution.workers",
        "on_local_replicas": "simclr_tf.distribution.inference",
        "read_cluster": "simclr_tf.distribution.cluster",
        "replica_count": "simclr_tf.distribution.replicas",
        "sum_over_replicas": "simclr_tf.distribution.replicas",
        "worker_place": "simclr_tf.distribution.workers",
    },
)
