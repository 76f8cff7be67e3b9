"""What can be asked for of pictures of no class; nothing here imports TensorFlow."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_between, check_positive


@dataclasses.dataclass(frozen=True)
class NegativeSettings:
    """Which pictures are negatives, and how many of them a batch has.

    Attributes:
        negatives_dir: folder of pictures of no class, which supcon and triplet only push away.
        negative_share: their share of every batch where there is a negatives_dir, within 0..1.
    """

    negatives_dir: str = ""
    negative_share: float = 0.25

    def __post_init__(self) -> None:
        check_positive("negative_share", self.negative_share)
        check_between("negative_share", self.negative_share, 0, 1)
