"""How encoders are compared by retrieval: plain values, checked when made."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_at_least


@dataclasses.dataclass(frozen=True)
class RetrievalTableSettings:
    """Which pictures are gallery, which are queries, and how often that is drawn.

    Attributes:
        seeds: draws of gallery and queries, at least 1.
        query_fraction: share of each class's pictures that are queries, between 0 and 1.
        held_out: queries only from the test pictures, and no such picture in the gallery.
        pictures_per_class: so many pictures of each class take part, drawn at random; 0 for all.
        resamples: of the bootstrap intervals, at least 1.

    Raises:
        ValueError: A value is out of range.
    """

    seeds: int = 3
    query_fraction: float = 0.5
    held_out: bool = False
    pictures_per_class: int = 0
    resamples: int = 1000

    def __post_init__(self) -> None:
        check_at_least("seeds", self.seeds, 1)
        check_at_least("pictures_per_class", self.pictures_per_class, 0)
        check_at_least("resamples", self.resamples, 1)
        if not 0 < self.query_fraction < 1:
            raise ValueError(
                "`query_fraction` must be greater than 0 and less than 1. "
                f"Received: query_fraction={self.query_fraction!r}"
            )
