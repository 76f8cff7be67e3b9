"""Weights between those that a network began with and those that a training gave it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras
import numpy as np

from simclr_tf.checks import check_between


class WeightInterpolation:
    """Mixes the weights that a network has with those that it had when this was made.

    What the start knew of more than the training pictures is kept to that share, at no cost in
    the use of the network. All weights are mixed, the statistics of batch normalisation too.

    Args:
        network: built model, before its training.
        start_weight: share of the weights of the start, 0..1; 0 changes nothing.

    Raises:
        ValueError: if the share is not in 0..1.

    Reference:
        Wortsman et al. 2022, "Robust fine-tuning of zero-shot models" (WiSE-FT), equation 1, with
        alpha = 1 - start_weight.
    """

    def __init__(self, network: keras.Model, start_weight: float) -> None:
        check_between("start_weight", start_weight, 0, 1)
        self.network = network
        self.start_weight = start_weight
        self._start = network.get_weights() if start_weight else []

    def apply(self) -> None:
        """Gives the network the mixture of its present weights for good."""
        if self.start_weight:
            self.network.set_weights(self._mixture())

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Gives the network the mixture of its present weights for a while."""
        if not self.start_weight:
            yield
            return
        present = self.network.get_weights()
        self.network.set_weights(self._mixture())
        try:
            yield
        finally:
            self.network.set_weights(present)

    def _mixture(self) -> list[np.ndarray]:
        share = self.start_weight
        pairs = zip(self._start, self.network.get_weights(), strict=True)
        # Counters of whole numbers have no mean.
        return [
            share * start + (1 - share) * now if str(now.dtype).startswith("float") else now
            for start, now in pairs
        ]
