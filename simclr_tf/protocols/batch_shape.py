"""How the batches of a fine-tuning are made from the labels that may be used."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.data.class_batches import check_class_sizes, class_batches, class_rows
from simclr_tf.data.picture_set import PictureSet
from simclr_tf.data.pipeline import training_batches, training_rows
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings

if TYPE_CHECKING:
    import tensorflow as tf

_PICTURES_PER_CLASS = 4


@dataclasses.dataclass(frozen=True)
class BatchShape:
    """The batches of a fine-tuning.

    Attributes:
        classes: classes in a batch; 0 where a batch is not made of classes.
        pictures_per_class: pictures of each.
        size: pictures in a batch.
        repeat: whether small classes give some pictures more than once.
    """

    classes: int
    pictures_per_class: int
    size: int
    repeat: bool

    def batches(
        self, labelled: PictureSet, settings: FineTuningSettings, start: int, count: int
    ) -> tf.data.Dataset:
        """Returns `count` batches from number `start` on, each a function of seed and number."""
        if not self.classes:
            return training_batches(
                labelled,
                self.size,
                settings.seed,
                start_step=start,
                num_steps=count,
                class_balanced=settings.class_balanced,
            )
        return class_batches(
            labelled,
            self.classes,
            self.pictures_per_class,
            settings.seed,
            start_step=start,
            num_steps=count,
            repeat=self.repeat,
        )

    def names(
        self, labelled: PictureSet, settings: FineTuningSettings
    ) -> Callable[[int], list[str]]:
        """Returns which pictures, by their ids, are in a batch, as a function of its number."""
        if self.classes:
            rows_of = class_rows(
                labelled, self.classes, self.pictures_per_class, settings.seed, repeat=self.repeat
            )
        else:
            rows_of = training_rows(
                labelled, self.size, settings.seed, class_balanced=settings.class_balanced
            )
        return lambda step: [labelled.ids[row] for row in rows_of(step)]


def batch_shape(labelled: PictureSet, settings: FineTuningSettings) -> BatchShape:
    """Decides how batches are made, and refuses what cannot be, without TensorFlow.

    Without `pictures_per_class` there are 4 of a class, more where all classes in fours do not
    fill the batch, but never more than the largest class has; smaller ones repeat theirs.

    Args:
        labelled: pictures with labels.
        settings: what was asked for.

    Raises:
        ValueError: if there are fewer than 2 classes, triplets are asked for and every class has
            one picture, or `pictures_per_class` is more than some class has.
    """
    classes, counts = np.unique(labelled.labels, return_counts=True)
    check_at_least("number of classes with labels", len(classes), 2)
    if not settings.over_classes:
        size = min(settings.batch_size, len(labelled))
        return BatchShape(classes=0, pictures_per_class=0, size=size, repeat=False)
    triplets = "triplet" in settings.objective
    if triplets and counts.max() == 1:
        raise ValueError(
            f"`objective` may be {settings.objective} only where some class has at least 2 "
            f"labelled pictures; all {len(classes)} have one. supcon compares two views of each "
            f"instead. Received: objective={settings.objective!r}"
        )
    pictures, repeat = settings.pictures_per_class, settings.repeat
    if not pictures:
        wanted = max(_PICTURES_PER_CLASS, settings.batch_size // len(classes))
        most = max(1, settings.batch_size // 2)
        pictures, repeat = min(wanted, int(counts.max()), most), True
        pictures = max(pictures, 2) if triplets else pictures
    if not repeat:
        check_class_sizes(labelled, pictures)
    chosen = min(len(classes), max(1, settings.batch_size // pictures))
    if chosen < 2:
        raise ValueError(
            f"`batch_size` must be at least {2 * pictures}, for two classes of {pictures} "
            f"pictures. Received: batch_size={settings.batch_size!r}"
        )
    return BatchShape(chosen, pictures, chosen * pictures, repeat)
