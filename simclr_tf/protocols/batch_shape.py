"""How the batches of a fine-tuning are made from the labels that may be used."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.data.class_batches import check_class_sizes, class_batches, class_rows
from simclr_tf.data.negative_batches import negative_batches, negative_rows, with_negatives
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
        size: pictures in a batch, negatives included.
        repeat: whether small classes give some pictures more than once.
        negatives: pictures of no class in a batch.
    """

    classes: int
    pictures_per_class: int
    size: int
    repeat: bool
    negatives: int = 0

    @property
    def labelled(self) -> int:
        """Pictures with a label in a batch."""
        return self.size - self.negatives

    def batches(
        self,
        labelled: PictureSet,
        settings: FineTuningSettings,
        start: int,
        count: int,
        negatives: PictureSet | None = None,
    ) -> tf.data.Dataset:
        """Returns `count` batches from number `start` on, each a function of seed and number.

        Those of `negatives`, labelled -1, come last in each.
        """
        batches = self._labelled_batches(labelled, settings, start, count)
        if negatives is None or not self.negatives:
            return batches
        beside = negative_batches(
            negatives, self.negatives, settings.seed, start_step=start, num_steps=count
        )
        return with_negatives(batches, beside)

    def _labelled_batches(
        self, labelled: PictureSet, settings: FineTuningSettings, start: int, count: int
    ) -> tf.data.Dataset:
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
        self,
        labelled: PictureSet,
        settings: FineTuningSettings,
        negatives: PictureSet | None = None,
    ) -> Callable[[int], list[str]]:
        """Returns which pictures, by their ids, are in a batch, as a function of its number.

        The `negatives`, which are of another folder, come last as they do in the batch, and each
        has "negative: " before its id.
        """
        if self.classes:
            rows_of = class_rows(
                labelled, self.classes, self.pictures_per_class, settings.seed, repeat=self.repeat
            )
        else:
            rows_of = training_rows(
                labelled, self.size, settings.seed, class_balanced=settings.class_balanced
            )
        if negatives is None or not self.negatives:
            return lambda step: [labelled.ids[row] for row in rows_of(step)]
        beside = negative_rows(negatives, self.negatives, settings.seed)
        return lambda step: [
            *(labelled.ids[row] for row in rows_of(step)),
            *(f"negative: {negatives.ids[row]}" for row in beside(step)),
        ]


def batch_shape(
    labelled: PictureSet, settings: FineTuningSettings, negative_share: float = 0.0
) -> BatchShape:
    """Decides how batches are made, and refuses what cannot be, without TensorFlow.

    Without `pictures_per_class` there are 4 of a class, more where all classes in fours do not
    fill the batch, but never more than the largest class has; smaller ones repeat theirs.

    Args:
        labelled: pictures with labels.
        settings: what was asked for.
        negative_share: share of every batch that pictures of no class have, at least 0 and less
            than 1; they take the place of labelled ones.

    Raises:
        ValueError: if there are fewer than 2 classes, triplets are asked for and every class has
            one picture, `pictures_per_class` is more than some class has, or the objective does
            not compare pictures and there are negatives.
    """
    classes, counts = np.unique(labelled.labels, return_counts=True)
    check_at_least("number of classes with labels", len(classes), 2)
    if negative_share and not settings.over_classes:
        raise ValueError(
            "`negatives_dir` is for supcon and triplet, which compare the pictures of a batch. "
            f"Received: objective={settings.objective!r}"
        )
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
    room = settings.batch_size - round(negative_share * settings.batch_size)
    pictures, repeat = settings.pictures_per_class, settings.repeat
    if not pictures:
        wanted = max(_PICTURES_PER_CLASS, room // len(classes))
        most = max(1, room // 2)
        pictures, repeat = min(wanted, int(counts.max()), most), True
        pictures = max(pictures, 2) if triplets else pictures
    if not repeat:
        check_class_sizes(labelled, pictures)
    chosen = min(len(classes), max(1, room // pictures))
    if chosen < 2 or room < 2:
        beside = f" beside a share of {negative_share:g} for negatives" if negative_share else ""
        raise ValueError(
            f"`batch_size` must be at least {2 * pictures}, for two classes of {pictures} "
            f"pictures{beside}. Received: batch_size={settings.batch_size!r}"
        )
    size = chosen * pictures
    # The share of what the batch holds in the end, which may be less than was asked for.
    negatives = round(size * negative_share / (1 - negative_share))
    negatives = max(1, negatives) if negative_share else 0
    return BatchShape(chosen, pictures, size + negatives, repeat, negatives)
