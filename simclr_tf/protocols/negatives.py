"""Pictures of no class that a fine-tuning pushes away."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np

from simclr_tf.checks import check_at_least, check_between, check_positive
from simclr_tf.data.picture_set import UNLABELLED, PictureSet, PictureSplits
from simclr_tf.runs import RunFolder

NEGATIVES_FILE = "negatives.json"


@dataclasses.dataclass(frozen=True)
class Negatives:
    """Pictures of no class, and their share of every batch.

    In the loss they are negatives of all labelled pictures and nothing else: they are no anchor,
    find nothing, and neither two of them nor two views of one are drawn to each other.

    Attributes:
        pictures: without labels, of the size of the labelled ones; at least one.
        share: of every batch, greater than 0 and less than 1.
        fingerprint: digest of the pictures' contents.
    """

    pictures: PictureSet
    share: float
    fingerprint: str

    def __post_init__(self) -> None:
        check_at_least("number of negatives", len(self.pictures), 1)
        check_positive("share", self.share)
        check_between("share", self.share, 0, 1)

    @classmethod
    def of(cls, splits: PictureSplits, share: float) -> Negatives:
        """Returns the training pictures of a source, whatever its folders are called, as negatives.

        Held-out pictures stay out here too.
        """
        train = splits.train
        labels = np.full(len(train), UNLABELLED, np.int32)
        return cls(dataclasses.replace(train, labels=labels), share, splits.fingerprint)


def record_negatives(negatives: Negatives | None, run: RunFolder) -> dict[str, Any]:
    """Writes which negatives a run has, or compares them with those it was started with.

    Returns:
        What the file holds.

    Raises:
        ValueError: if a run that is resumed was started with other negatives.
    """
    described = {"pictures": 0, "share": 0.0, "fingerprint": ""}
    if negatives is not None:
        described = {
            "pictures": len(negatives.pictures),
            "share": negatives.share,
            "fingerprint": negatives.fingerprint,
        }
    path = run.path / NEGATIVES_FILE
    if path.is_file():
        before = json.loads(path.read_text(encoding="utf-8"))
        if before != described:
            raise ValueError(
                f"The negatives must be those that {run.path} was started with, "
                f"{before['pictures']} pictures. Received: {described['pictures']} pictures, "
                f"share={described['share']}, of other contents or another share"
            )
    elif negatives is not None:
        run.write_json(NEGATIVES_FILE, described)
    return described
