"""The base of the losses whose targets are labels."""

from __future__ import annotations

import keras


class LabelLoss(keras.losses.Loss):
    """A Keras loss that hands on labels as they come.

    Keras would make floats of them first, and as float32 two labels above 2²⁴ can be equal. The
    functions cast the embeddings themselves and return a mean, so there are no sample weights.

    Args:
        name: of the loss.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name, reduction=None)

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            raise ValueError(
                f"`sample_weight` must be None for {type(self).__name__}. "
                f"Received: sample_weight={sample_weight!r}"
            )
        return self.call(y_true, y_pred)
