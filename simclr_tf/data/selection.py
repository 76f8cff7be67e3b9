"""Which classes take part, and how much of the data is held out."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_at_least, check_between


@dataclasses.dataclass(frozen=True)
class Selection:
    """The part of a source that is used, and the shares of its held-out splits.

    Args:
        max_classes: how many classes to keep, drawn at random, at least 1; None keeps all.
            Unlabelled pictures always stay.
        class_seed: seed of that draw, at least 0.
        validation_fraction: share of the labelled pictures, in [0, 1), where the data come
            without a validation split.
        test_fraction: the same for test.

    Raises:
        ValueError: if a value is out of range, or the two shares leave nothing to train on.
    """

    max_classes: int | None = None
    class_seed: int = 0
    validation_fraction: float = 0.1
    test_fraction: float = 0.1

    def __post_init__(self) -> None:
        if self.max_classes is not None:
            check_at_least("max_classes", self.max_classes, 1)
        check_at_least("class_seed", self.class_seed, 0)
        check_between("validation_fraction", self.validation_fraction, 0, 1)
        check_between("test_fraction", self.test_fraction, 0, 1)
        if self.validation_fraction + self.test_fraction >= 1:
            raise ValueError(
                "`validation_fraction` + `test_fraction` must be less than 1. Received: "
                f"validation_fraction={self.validation_fraction!r}, "
                f"test_fraction={self.test_fraction!r}"
            )
