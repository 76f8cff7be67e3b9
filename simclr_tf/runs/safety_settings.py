"""What a training does so that little is lost when something goes wrong; no TensorFlow here."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_at_least, check_between, check_one_of

NON_FINITE_LOSS = ("stop", "skip")
_MINUTES_OF_A_YEAR = 365 * 24 * 60


@dataclasses.dataclass(frozen=True)
class SafetySettings:
    """How often a training saves, and what it does about a loss that is no number.

    None of it changes the result of a training in which nothing goes wrong, so a stopped run may
    be resumed with other values.

    Attributes:
        checkpoint_every_minutes: also save a checkpoint after so many minutes; 0 does not.
        keep_checkpoints: newest checkpoints to keep, at least 1; the best epoch's is kept too.
        non_finite_loss: a step whose loss is NaN or infinite: stop, or skip it and go on.
    """

    checkpoint_every_minutes: float = 0.0
    keep_checkpoints: int = 2
    non_finite_loss: str = "stop"

    def __post_init__(self) -> None:
        minutes = self.checkpoint_every_minutes
        check_between("checkpoint_every_minutes", minutes, 0, _MINUTES_OF_A_YEAR)
        check_at_least("keep_checkpoints", self.keep_checkpoints, 1)
        check_one_of("non_finite_loss", self.non_finite_loss, NON_FINITE_LOSS)


DEFAULT_SAFETY = SafetySettings()
