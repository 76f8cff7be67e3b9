"""Which examples of a class stand for the others, and how the others are turned against them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simclr_tf.detection.blur import blurred
from simclr_tf.detection.example import SymbolExample
from simclr_tf.detection.resampling import resized_box

_PIXELS = 24
# Boxes whose ratios of sides differ by more than this factor are not turned alike.
_LARGEST_STRETCH = 1.6


def searched_examples(examples: Sequence[SymbolExample], per_class: int) -> list[int]:
    """Returns which examples the windows of a page are compared with.

    Args:
        examples: All examples.
        per_class: So many of each class at most, at least 1; those that spread best over its
            sizes.

    Returns:
        Rows of the examples, rising.
    """
    by_label: dict[int, list[int]] = {}
    for row, example in enumerate(examples):
        by_label.setdefault(example.label, []).append(row)
    chosen: list[int] = []
    for rows in by_label.values():
        in_order = sorted(rows, key=lambda row: examples[row].height * examples[row].width)
        count = min(per_class, len(rows))
        places = (np.arange(count) + 0.5) * len(rows) / count
        chosen += [in_order[int(place)] for place in places]
    return sorted(chosen)


def related_examples(
    examples: Sequence[SymbolExample], of: Sequence[int], angles: int
) -> dict[int, list[tuple[int, float]]]:
    """Returns the examples of the same class with the turn that makes them look alike.

    Args:
        examples: All examples.
        of: Rows of those that others are turned against.
        angles: Turns that are tried, evenly spaced.

    Returns:
        By row: rows of all examples of its class with the angle in degrees, clockwise, by which
        each is turned to look like it; itself first, at 0.
    """
    turns = [360 * turn / angles for turn in range(angles)]
    turned = {
        row: [(angle, example.turned(angle)) for angle in turns]
        for row, example in enumerate(examples)
    }
    related: dict[int, list[tuple[int, float]]] = {}
    for row in of:
        mine = examples[row]
        related[row] = [(row, 0.0)]
        for other, example in enumerate(examples):
            if other != row and example.label == mine.label:
                found = [(_alike(mine, one), -angle) for angle, one in turned[other]]
                likeness, angle = max(found)
                if likeness > 0:
                    related[row].append((other, -angle))
    return related


def _alike(first: SymbolExample, second: SymbolExample) -> float:
    """Returns the correlation of two examples brought to one size; 0 for other proportions."""
    stretch = (first.height * second.width) / (first.width * second.height)
    if not 1 / _LARGEST_STRETCH <= stretch <= _LARGEST_STRETCH:
        return 0.0
    a, b = (blurred(resized_box(one, _PIXELS, _PIXELS, 0)) for one in (first, second))
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-12))
