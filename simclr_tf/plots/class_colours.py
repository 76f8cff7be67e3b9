"""A colour and a marker for each of the largest classes; the rest share a grey."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclr_tf.checks import check_between
from simclr_tf.plots.figures import COLOURS

MARKERS = ("o", "s", "^")
MOST_NAMED = len(COLOURS) * len(MARKERS)
OTHERS = "#c3cad2"


@dataclasses.dataclass(frozen=True)
class ClassStyle:
    """How a class is drawn.

    Attributes:
        label: The class.
        count: How many pictures it has.
        colour: As matplotlib takes it.
        marker: As matplotlib takes it; every colour comes with each marker once.
    """

    label: int
    count: int
    colour: str
    marker: str


def class_styles(labels: np.ndarray, named_classes: int = 12) -> list[ClassStyle]:
    """Returns the styles of the largest classes, largest first.

    Args:
        labels: int `[n]`; a negative one means no label.
        named_classes: How many classes get a style, from 1 to 18: more are not told apart.

    Raises:
        ValueError: `named_classes` is out of range.
    """
    check_between("named_classes", named_classes, 1, MOST_NAMED)
    labels = np.asarray(labels)
    classes, counts = np.unique(labels[labels >= 0], return_counts=True)
    largest = np.argsort(-counts, kind="stable")[:named_classes]
    return [
        ClassStyle(
            int(classes[row]),
            int(counts[row]),
            COLOURS[place % len(COLOURS)],
            MARKERS[place // len(COLOURS)],
        )
        for place, row in enumerate(largest)
    ]
