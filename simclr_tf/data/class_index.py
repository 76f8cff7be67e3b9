"""Which rows belong to which class, and the order in which each class gives its pictures."""

from __future__ import annotations

import functools

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.data.picture_set import UNLABELLED


class ClassIndex:
    """The labelled rows sorted by class once, so that a draw never scans the labels.

    Each class gives its pictures in the order of a permutation, which is drawn anew when fewer
    are left than a draw takes: over many draws they are shown equally often. Everything is a
    pure function of the seed.

    Args:
        labels: whole numbers `[n]`; rows labelled −1 are left out.
        seed: of the orders, at least 0.

    Attributes:
        classes: int64 `[c]`, the labels that occur, increasing.
        counts: int64 `[c]`, rows of each class.

    Raises:
        ValueError: if no row has a label or the seed is negative.
    """

    def __init__(self, labels: np.ndarray, seed: int) -> None:
        check_at_least("seed", seed, 0)
        labels = np.asarray(labels)
        labelled = np.flatnonzero(labels != UNLABELLED)
        if not len(labelled):
            raise ValueError(
                "`labels` must hold at least one label that is not -1. "
                f"Received: {len(labels)} rows without a label"
            )
        self.seed = seed
        self._rows = labelled[np.argsort(labels[labelled], kind="stable")]
        self.classes, self._starts, self.counts = np.unique(
            labels[self._rows], return_index=True, return_counts=True
        )
        # One order a class at most, so that all of them together hold each row once.
        self._order = functools.lru_cache(maxsize=len(self.classes))(self._draw_order)
        self._class_order = functools.lru_cache(maxsize=4)(self._draw_class_order)

    def __len__(self) -> int:
        return len(self.classes)

    def group(self, position: int, visit: int, size: int) -> np.ndarray:
        """Returns the rows of one class for its `visit`-th draw of `size` pictures.

        The draw holds no picture twice unless the class has fewer than `size`; then each of them
        is there ⌊size / count⌋ or ⌈size / count⌉ times.

        Args:
            position: of the class in `classes`.
            visit: number of the draw, from 0.
            size: pictures in a draw, at least 1.

        Returns:
            int64 `[size]`.
        """
        groups, rest = divmod(int(self.counts[position]), size)
        if groups:
            # Which `rest` pictures an order leaves out is drawn with it.
            cycle, number = divmod(visit, groups)
            return self._order(position, cycle)[number * size : (number + 1) * size]
        repeats, rest = divmod(size, rest)
        order = self._order(position, visit)
        return np.concatenate([np.tile(order, repeats), order[:rest]])

    def class_at(self, place: int) -> tuple[int, int]:
        """Returns the class (its position) at a place of the endless sequence, and its visit.

        In each round every class comes once, in an order of its own.
        """
        visit, number = divmod(place, len(self.classes))
        return int(self._class_order(visit)[number]), visit

    def _draw_order(self, position: int, cycle: int) -> np.ndarray:
        start = self._starts[position]
        rows = self._rows[start : start + self.counts[position]]
        label = int(self.classes[position])
        return np.random.default_rng([self.seed, 0, label, cycle]).permutation(rows)

    def _draw_class_order(self, visit: int) -> np.ndarray:
        return np.random.default_rng([self.seed, 1, visit]).permutation(len(self.classes))
