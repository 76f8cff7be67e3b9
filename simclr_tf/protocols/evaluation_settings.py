"""How one version of a run is evaluated: plain values, checked when made."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_at_least, check_between

# More would not be told apart, and matplotlib refuses a figure of 65,536 pixels.
MOST_SIMILAR = 100


@dataclasses.dataclass(frozen=True)
class EvaluationSettings:
    """What is measured and shown of a version.

    Attributes:
        num_show_similar: nearest neighbours shown of the test picture, 1..100.
        query_seed: draws that test picture.
        probe_linearly: also measure a linear probe, which takes long with thousands of classes.
    """

    num_show_similar: int = 8
    query_seed: int = 0
    probe_linearly: bool = False

    def __post_init__(self) -> None:
        check_between("num_show_similar", self.num_show_similar, 1, MOST_SIMILAR)
        check_at_least("query_seed", self.query_seed, 0)
