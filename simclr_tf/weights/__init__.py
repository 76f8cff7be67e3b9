"""Weights of other people's networks in, and ours out for theirs."""

from simclr_tf.lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "Checkpoint": "simclr_tf.weights.checkpoint",
        "read_checkpoint": "simclr_tf.weights.checkpoint",
        "find_weights": "simclr_tf.weights.hub",
        "ImportOptions": "simclr_tf.weights.import_options",
        "ImportReport": "simclr_tf.weights.importing",
        "import_encoder": "simclr_tf.weights.importing",
        "torchvision_arrays": "simclr_tf.weights.torchvision_file",
        "write_torchvision": "simclr_tf.weights.torchvision_file",
    },
)
