"""Weights of other people's networks in, and ours out for theirs."""

from simclr_tf.lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "Checkpoint": "simclr_tf.weights.checkpoint",
        "read_checkpoint": "simclr_tf.weights.checkpoint",
        "ImportReport": "simclr_tf.weights.resnet_checkpoint",
        "import_resnet": "simclr_tf.weights.resnet_checkpoint",
        "torchvision_arrays": "simclr_tf.weights.torchvision_file",
        "write_torchvision": "simclr_tf.weights.torchvision_file",
    },
)
