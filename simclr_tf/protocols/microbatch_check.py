"""Whether the micro-batches that are asked for divide the batches that there are."""

from __future__ import annotations

from simclr_tf.protocols.batch_shape import BatchShape
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings


def check_microbatches(shape: BatchShape, settings: FineTuningSettings) -> None:
    """Raises `ValueError` unless `microbatch_size` divides the batch, which the labels decide."""
    size = settings.microbatch_size
    if size and shape.size % size:
        raise ValueError(
            f"`microbatch_size` must divide the batch of {shape.size} pictures, {shape.classes} "
            f"classes of {shape.pictures_per_class}. Received: microbatch_size={size!r}"
        )
