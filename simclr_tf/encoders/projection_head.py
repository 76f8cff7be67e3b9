"""The small network between features and the contrastive loss."""

from __future__ import annotations

import keras

from simclr_tf.checks import check_at_least, check_one_of
from simclr_tf.encoders.batch_normalization import FusedBatchNormalization
from simclr_tf.encoders.build import DTYPE_POLICIES


def build_projection_head(
    features: int,
    *,
    depth: int = 2,
    hidden: int | None = None,
    output: int = 128,
    batch_normalization: bool = True,
    mixed_precision: str = "none",
) -> keras.Model:
    """Builds the projection head g: dense layers with ReLU between them.

    Args:
        features: size of the encoder's features, at least 1.
        depth: number of dense layers, at least 1 (SimCLR uses 2, version 2 uses 3).
        hidden: size of the layers before the last; the features' size by default.
        output: size k of the projections.
        batch_normalization: normalise after every layer, the last one too, as the reference
            code does: it keeps all dimensions of the projections in use.
        mixed_precision: as in `build_encoder`.

    Returns:
        `keras.Model` from `[batch, features]` to float32 `[batch, output]`.

    Raises:
        ValueError: if a number is below 1 or the precision unknown.

    Reference:
        SimCLR (Chen et al. 2020), section 4.2; version 2 (Chen et al. 2020b), section 2.
    """
    check_at_least("features", features, 1)
    check_at_least("depth", depth, 1)
    check_at_least("output", output, 1)
    check_at_least("hidden", features if hidden is None else hidden, 1)
    check_one_of("mixed_precision", mixed_precision, DTYPE_POLICIES)
    dtype = DTYPE_POLICIES[mixed_precision]
    head = keras.Sequential([keras.Input((features,))], name="projection_head")
    for number in range(1, depth + 1):
        last = number == depth
        size = output if last else features if hidden is None else hidden
        # A bias before a normalisation would be subtracted again; the last layer has none.
        head.add(
            keras.layers.Dense(
                size,
                use_bias=not (batch_normalization or last),
                dtype=dtype,
                name=f"dense{number}",
            )
        )
        if batch_normalization:
            head.add(FusedBatchNormalization(dtype=dtype, name=f"bn{number}"))
        if not last:
            head.add(keras.layers.ReLU(dtype=dtype, name=f"relu{number}"))
    head.add(keras.layers.Activation("linear", dtype="float32", name="projections"))
    return head
