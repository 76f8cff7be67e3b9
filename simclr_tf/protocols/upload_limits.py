"""How large a picture may be that comes from outside: plain values, checked when made."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_positive

MEGA = 1_000_000


@dataclasses.dataclass(frozen=True)
class UploadLimits:
    """What is accepted of a picture that a stranger may have made.

    Attributes:
        max_megabytes: largest file in megabytes (1,000,000 bytes), greater than 0.
        max_megapixels: most pixels in millions, greater than 0; 89 are the decoder's own limit.
    """

    max_megabytes: float = 20.0
    max_megapixels: float = 50.0

    def __post_init__(self) -> None:
        check_positive("max_megabytes", self.max_megabytes)
        check_positive("max_megapixels", self.max_megapixels)

    @property
    def max_bytes(self) -> int:
        """Largest file in bytes."""
        return int(self.max_megabytes * MEGA)
