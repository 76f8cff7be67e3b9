"""Copies and near-duplicates, inside a split and across splits."""

from __future__ import annotations

import collections
import dataclasses
from typing import Any

import numpy as np

from simclr_tf.protocols.analysis.joined import Joined
from simclr_tf.protocols.analysis.neighbours import (
    Neighbours,
    copy_pairs,
    group_count,
    near_pairs,
)

# Lines of copies.csv: an encoder that sees one picture everywhere makes every pair a copy.
MOST_COPIES = 100_000


@dataclasses.dataclass(frozen=True, eq=False)
class Copies:
    """Pairs of pictures that are the same or nearly so.

    Attributes:
        exact: int64 `[p, 2]`, pictures with the same content.
        near: int64 `[q, 2]`, other pairs of a high cosine, the most alike first.
        cosines: float32 `[q]`, of `near`.
        figures: How many of each, ready for JSON.
    """

    exact: np.ndarray
    near: np.ndarray
    cosines: np.ndarray
    figures: dict[str, Any]


def find_copies(joined: Joined, neighbours: Neighbours, similarity: float) -> Copies:
    """Finds pictures of equal content and pictures of a cosine of at least `similarity`."""
    exact = copy_pairs(joined.sha256)
    near, cosines = near_pairs(neighbours, similarity)
    other_content = (joined.sha256[near[:, 0]] != joined.sha256[near[:, 1]]).any(axis=1)
    near, cosines = near[other_content], cosines[other_content]
    figures: dict[str, Any] = {"similarity": similarity}
    for name, pairs in (("exact", exact), ("near", near)):
        figures[name] = {
            "pairs": len(pairs),
            "pictures": len(np.unique(pairs)),
            "groups": group_count(pairs, len(joined)),
            "of_different_classes": int(is_of_two_classes(joined, pairs).sum()),
        }
        if joined.splits is not None:
            splits = np.array(joined.splits)
            ends = np.sort(splits[pairs], axis=1)
            across = ends[:, 0] != ends[:, 1]
            by_split = collections.Counter(" - ".join(dict.fromkeys(e)) for e in ends.tolist())
            figures[name]["across_splits"] = int(across.sum())
            figures[name]["by_split"] = dict(sorted(by_split.items()))
    return Copies(exact, near, cosines, figures)


def is_of_two_classes(joined: Joined, pairs: np.ndarray) -> np.ndarray:
    """Returns bool `[p]`: whether both pictures have a class, and not the same."""
    labels = joined.labels[pairs]
    return (labels >= 0).all(axis=1) & (labels[:, 0] != labels[:, 1])


def copy_rows(joined: Joined, copies: Copies, most: int) -> list[dict[str, Any]]:
    """Returns the lines of a table of the pairs, `most` at most, exact copies first."""
    names = [*joined.class_names, ""]
    cosines = np.concatenate([np.ones(len(copies.exact), np.float32), copies.cosines])
    lines = []
    pairs = np.concatenate([copies.exact, copies.near])
    for place, (first, second) in enumerate(pairs[:most].tolist()):
        line: dict[str, Any] = {
            "kind": "exact" if place < len(copies.exact) else "near",
            "cosine": f"{cosines[place]:.6f}",
            "first": joined.ids[first],
            "second": joined.ids[second],
            "first_class": names[joined.labels[first]],
            "second_class": names[joined.labels[second]],
        }
        if joined.splits is not None:
            line |= {"first_split": joined.splits[first], "second_split": joined.splits[second]}
        lines.append(line)
    return lines
