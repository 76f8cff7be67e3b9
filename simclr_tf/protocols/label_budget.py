"""Which labels may be used."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclr_tf.data.labels import choose_labels


@dataclasses.dataclass(frozen=True)
class LabelBudget:
    """How many labels may be used; the same ones for every contestant.

    Attributes:
        labels_per_class: so many labels of each class.
        label_fraction: this share of each class's labels; without either, all labels.
    """

    labels_per_class: int | None = None
    label_fraction: float | None = None

    def __post_init__(self) -> None:
        # One rule for both: let the choice itself check them.
        self.choose(np.zeros(0, np.int32), seed=0)

    def choose(self, labels: np.ndarray, seed: int) -> np.ndarray:
        """Returns the rows of `labels` that may be used with this seed."""
        return choose_labels(labels, self.labels_per_class, self.label_fraction, seed)

    @property
    def name(self) -> str:
        """A name for folders and tables."""
        if self.labels_per_class is not None:
            return f"{self.labels_per_class}_per_class"
        return "all" if self.label_fraction is None else f"fraction_{self.label_fraction:g}"
