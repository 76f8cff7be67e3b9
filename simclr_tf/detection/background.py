"""Classes that look like the background of drawings, and by how much they are to be lowered."""

from __future__ import annotations

import numpy as np


def alarm_penalties(
    labels: np.ndarray, logits: np.ndarray, accepted: int, class_count: int
) -> np.ndarray:
    """Returns by how much to lower the logits of each class so that few alarms are left.

    The alarms of the classes that raise fewest are accepted first: one alarm may be by chance, many
    are what the class looks like.

    Args:
        labels: Class of each false alarm, int `[n]`.
        logits: log(p / (1 - p)) of each, at least 0, `[n]`.
        accepted: So many alarms may be left, at least 0.
        class_count: Number of classes.

    Returns:
        float64 `[class_count]`, 0 where a class keeps its scores.

    Example:
        Of three alarms of one class with logits 9, .2 and .1, of which one is accepted, the class
        is lowered by a little more than .2.
    """
    by = np.zeros(class_count)
    distinct, counts = np.unique(labels, return_counts=True)
    for label in distinct[np.argsort(counts, kind="stable")].tolist():
        highest = np.sort(logits[labels == label])[::-1]
        if len(highest) > accepted:
            by[label] = highest[accepted] + 1e-6
        accepted -= min(accepted, len(highest))
    return by
