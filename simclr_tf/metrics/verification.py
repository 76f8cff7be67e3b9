"""Same or different? The threshold on the cosine that answers it, and how well it does."""

from __future__ import annotations

import numpy as np

from simclr_tf.checks import check_at_least, check_between


def accept_threshold(different: np.ndarray, false_accept_rate: float) -> float:
    """Returns the lowest threshold that accepts at most so many of the different pairs.

    A pair is accepted, taken for one class, where its cosine is at least the threshold.

    Args:
        different: Cosines `[t]` of pairs of different classes, at least 1 / `false_accept_rate`
            of them: fewer say nothing of so small a rate.
        false_accept_rate: Share of the different pairs that may be accepted, in (0, 1).

    Returns:
        The threshold; it lies just above the highest cosine that must not be accepted.

    Raises:
        ValueError: `false_accept_rate` is out of range, or there are too few pairs for it.

    Example:
        Cosines 0.1, 0.2, 0.3, 0.9 and a rate of 0.25: one of four may pass, so the threshold
        lies just above 0.3.
    """
    check_between("false_accept_rate", false_accept_rate, 0.0, 1.0)
    different = np.asarray(different, np.float32)
    # 1 / 0.01 is a little more than 100 in binary fractions.
    allowed = int(np.floor(false_accept_rate * len(different) + 1e-9))
    if not 0 < allowed < len(different):
        raise ValueError(
            "`different` must hold at least 1 / `false_accept_rate` pairs, and `false_accept_rate` "
            "be in (0, 1). Received: "
            f"{len(different)} pairs, false_accept_rate={false_accept_rate!r}"
        )
    place = len(different) - 1 - allowed
    refused = np.partition(different, place)[place]
    return float(np.nextafter(refused, np.float32(np.inf)))


def accepted_share(cosines: np.ndarray, threshold: float) -> float:
    """Returns the share of the cosines `[n]`, n >= 1, that are at least the threshold."""
    cosines = np.asarray(cosines, np.float32)
    check_at_least("len(cosines)", len(cosines), 1)
    return float(np.mean(cosines >= np.float32(threshold)))


def area_under_roc(same: np.ndarray, different: np.ndarray) -> float:
    """Returns the chance that a pair of one class is more alike than a pair of different ones.

    Equal cosines count half.

    Args:
        same: Cosines `[s]` of pairs of one class, s >= 1.
        different: Cosines `[t]` of pairs of different classes, t >= 1.

    Returns:
        In [0, 1]; 0.5 is chance.

    Raises:
        ValueError: There are no pairs of a kind.

    Reference:
        Hanley and McNeil, "The meaning and use of the area under a receiver operating
        characteristic (ROC) curve" (1982).

    Example:
        Same 0.5 and 0.9, different 0.5 and 0.1: of four comparisons three are won and one is
        even, (3 + 0.5) / 4 = 0.875.
    """
    check_at_least("len(same)", len(same), 1)
    check_at_least("len(different)", len(different), 1)
    ordered = np.sort(np.asarray(different, np.float32))
    same = np.asarray(same, np.float32)
    below = np.searchsorted(ordered, same, side="left")
    not_above = np.searchsorted(ordered, same, side="right")
    return float((below.mean() + not_above.mean()) / 2 / len(ordered))
