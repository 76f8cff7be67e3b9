"""The labels that every job with labels needs, asked for before anything is trained."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclr_tf.data import PictureSplits
from simclr_tf.protocols.label_budget import LabelBudget


def check_labelled_splits(splits: PictureSplits) -> None:
    """Raises `ValueError` unless all splits have labels, those of train of two classes or more."""
    for name in ("train", "validation", "test"):
        if not (getattr(splits, name).labels >= 0).any():
            raise ValueError(
                f"The {name} split of {splits.name} has no labelled pictures: probes and "
                "classifiers need some in train, validation and test."
            )
    classes = np.unique(splits.train.labels[splits.train.labels >= 0])
    if len(classes) < 2:
        raise ValueError(
            f"The train split of {splits.name} must have labelled pictures of at least 2 classes. "
            f"Received: only {splits.train.class_names[classes[0]]}"
        )


def labelled_training(splits: PictureSplits, budget: LabelBudget, seed: int) -> PictureSplits:
    """Returns the splits with those training pictures alone whose labels may be used.

    Raises:
        ValueError: if a split has no labelled pictures, or train those of one class only.
    """
    check_labelled_splits(splits)
    labelled = splits.train.labelled()
    rows = budget.choose(labelled.labels, seed)
    return dataclasses.replace(splits, train=labelled.subset(rows))
