"""Which labels and which classes take part: seeded, class-balanced, nested choices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simclr_tf.checks import check_at_least, check_between, check_positive
from simclr_tf.data.picture_set import UNLABELLED


def choose_labels(
    labels: np.ndarray,
    labels_per_class: int | None = None,
    label_fraction: float | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Returns the rows whose labels may be used, the same number or share of every class.

    Each class has one seeded order and gives its first rows, so with one seed a smaller
    choice is always part of a larger one. A class with fewer pictures is taken whole.

    Args:
        labels: int `[n]`; -1 means no label, and such rows are never chosen.
        labels_per_class: rows of each class, at least 1.
        label_fraction: share of each class's labelled rows, in (0, 1]; at least one row of
            each class. Without either argument, all labelled rows are chosen.
        seed: seed of the orders.

    Returns:
        int64 `[m]`, increasing.

    Raises:
        ValueError: if both `labels_per_class` and `label_fraction` are given, or one of them
            is out of range.
    """
    if labels_per_class is not None and label_fraction is not None:
        raise ValueError(
            "Only one of `labels_per_class` and `label_fraction` may be given. Received: "
            f"labels_per_class={labels_per_class!r}, label_fraction={label_fraction!r}"
        )
    if labels_per_class is not None:
        check_at_least("labels_per_class", labels_per_class, 1)
    if label_fraction is not None:
        check_positive("label_fraction", label_fraction)
        check_between("label_fraction", label_fraction, 0, 1)
    labels = np.asarray(labels)
    chosen = [np.zeros(0, np.int64)]
    # One sort instead of one scan of all labels for each of thousands of classes.
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=UNLABELLED - 1))
    for rows in np.split(order, starts[1:]):
        if not len(rows) or labels[rows[0]] == UNLABELLED:
            continue
        count = len(rows)
        if labels_per_class is not None:
            count = min(count, labels_per_class)
        elif label_fraction is not None:
            count = max(1, int(count * label_fraction + 0.5))
        generator = np.random.default_rng([seed, int(labels[rows[0]])])
        chosen.append(generator.permutation(rows)[:count])
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def choose_classes(
    class_names: Sequence[str], max_classes: int | None, class_seed: int = 0
) -> tuple[str, ...]:
    """Returns `max_classes` names drawn at random, sorted; all of them when there are no more.

    Args:
        class_names: the names to choose from; their order does not matter.
        max_classes: how many to keep, at least 1; None keeps all.
        class_seed: seed of the draw; with one seed, fewer classes are part of more.

    Raises:
        ValueError: if `max_classes` is below 1.
    """
    names = sorted(class_names)
    if max_classes is None:
        return tuple(names)
    check_at_least("max_classes", max_classes, 1)
    drawn = np.random.default_rng(class_seed).permutation(len(names))[:max_classes]
    return tuple(names[position] for position in sorted(drawn))
