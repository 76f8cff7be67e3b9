"""One list of names for the labels of a gallery and of annotated drawings."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from simclr_tf.data import DrawingSet


def with_class_names(drawings: DrawingSet, class_names: Sequence[str]) -> DrawingSet:
    """Returns drawings whose labels count in other names; classes are known by their names.

    Args:
        drawings: The drawings.
        class_names: Names of the labels from 0; those of the drawings that are not among them
            come after them.
    """
    names = list(dict.fromkeys([*class_names, *drawings.class_names]))
    new = np.array([names.index(name) for name in drawings.class_names], np.int64)
    renamed = tuple(
        dataclasses.replace(drawing, labels=new[drawing.labels] if len(drawing) else drawing.labels)
        for drawing in drawings.drawings
    )
    return dataclasses.replace(drawings, drawings=renamed, class_names=tuple(names))
