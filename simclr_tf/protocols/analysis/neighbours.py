"""What the nearest pictures tell: copies, outliers, confusions and doubtful labels."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclr_tf.data.picture_set import UNLABELLED
from simclr_tf.retrieval.faiss_engine import FaissEngine

_QUERIES_AT_ONCE = 4096
# So many of the neighbours must agree on another class before a label is doubted.
_AGREEMENT = 0.8
_FEWEST_NEIGHBOURS = 3


@dataclasses.dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest other pictures of each picture.

    Attributes:
        rows: int64 `[n, k]`, nearest first.
        cosines: float32 `[n, k]`.
    """

    rows: np.ndarray
    cosines: np.ndarray


@dataclasses.dataclass(frozen=True)
class Confusion:
    """Pictures of one class whose nearest picture is of another.

    Attributes:
        label: Their class.
        other: The class of the nearest pictures.
        count: How many they are.
        share: Of all pictures of the class that have a neighbour with a label.
        examples: (row, nearest row, cosine), the most alike first.
    """

    label: int
    other: int
    count: int
    share: float
    examples: tuple[tuple[int, int, float], ...]


@dataclasses.dataclass(frozen=True)
class DoubtfulLabel:
    """A picture whose neighbours agree on another class.

    Attributes:
        row: The picture.
        suggested: The class of most neighbours.
        share: Of the neighbours with a label that are of that class.
    """

    row: int
    suggested: int
    share: float


def nearest_neighbours(vectors: np.ndarray, k: int) -> Neighbours:
    """Finds the `k` most similar other pictures of each picture, exactly.

    Args:
        vectors: Unit vectors float32 `[n, d]`, n >= 2.
        k: At least 1; at most all other pictures are found.
    """
    count, dimension = vectors.shape
    k = min(k, count - 1)
    engine = FaissEngine("exact", dimension)
    engine.add(np.ascontiguousarray(vectors), np.arange(count, dtype=np.int64))
    rows = np.empty((count, k), np.int64)
    cosines = np.empty((count, k), np.float32)
    for start in range(0, count, _QUERIES_AT_ONCE):
        block = slice(start, start + _QUERIES_AT_ONCE)
        scores, found = engine.search(np.ascontiguousarray(vectors[block]), k + 1)
        # Of equal cosines the lower row comes first.
        order = np.lexsort((found, -scores), axis=1)
        scores = np.take_along_axis(scores, order, axis=1)
        found = np.take_along_axis(found, order, axis=1)
        own = np.arange(start, start + len(found))
        keep = found != own[:, None]
        # Among many copies the picture itself may not have been found.
        keep[keep.all(axis=1), -1] = False
        rows[block] = found[keep].reshape(-1, k)
        cosines[block] = scores[keep].reshape(-1, k)
    return Neighbours(rows, np.clip(cosines, -1.0, 1.0))


def near_pairs(neighbours: Neighbours, similarity: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns pairs int64 `[p, 2]` of cosine `similarity` or more, and their cosines `[p]`.

    The most alike come first, and every pair once. Of a picture with more such pictures than
    neighbours were looked for, only those are in pairs.
    """
    first, place = np.nonzero(neighbours.cosines >= np.float32(similarity))
    pairs = np.sort(np.stack([first, neighbours.rows[first, place]], axis=1), axis=1)
    pairs, at = np.unique(pairs, axis=0, return_index=True)
    cosines = neighbours.cosines[first, place][at]
    order = np.argsort(-cosines, kind="stable")
    return pairs[order], cosines[order]


def copy_pairs(sha256: np.ndarray) -> np.ndarray:
    """Returns pairs int64 `[p, 2]` of pictures with the same content, uint8 `[n, 32]`.

    Every copy stands with the first picture of its content.
    """
    _, first, place = np.unique(sha256, axis=0, return_index=True, return_inverse=True)
    first_of = first[place.reshape(-1)]
    rows = np.arange(len(sha256))
    return np.stack([first_of, rows], axis=1)[first_of != rows]


def group_count(pairs: np.ndarray, count: int) -> int:
    """Returns into how many groups the pairs `[p, 2]` of `count` pictures join them."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not len(pairs):
        return 0
    links = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(count, count))
    _, group_of = connected_components(links, directed=False)
    return len(np.unique(group_of[pairs[:, 0]]))


def outliers(neighbours: Neighbours, most: int) -> list[tuple[int, float]]:
    """Returns the pictures that are farthest from their k-th neighbour, with that distance.

    The distance is 1 - cosine.

    Reference:
        Ramaswamy, Rastogi and Shim, "Efficient Algorithms for Mining Outliers from Large Data
        Sets" (2000).
    """
    distances = 1.0 - neighbours.cosines[:, -1].astype(np.float64)
    order = np.argsort(-distances, kind="stable")[:most]
    return [(int(row), float(distances[row])) for row in order]


def confusions(neighbours: Neighbours, labels: np.ndarray, examples: int) -> list[Confusion]:
    """Returns which classes' pictures have a picture of which other class nearest.

    Pictures without a label neither ask nor answer: the nearest neighbour that has one counts.

    Args:
        neighbours: Of all pictures.
        labels: int64 `[n]`; -1 means no label.
        examples: How many pairs of each are kept.

    Returns:
        The largest counts first.
    """
    known = labels[neighbours.rows] != UNLABELLED
    asks = (labels != UNLABELLED) & known.any(axis=1)
    place = known.argmax(axis=1)
    rows = np.flatnonzero(asks)
    nearest = neighbours.rows[rows, place[rows]]
    cosines = neighbours.cosines[rows, place[rows]]
    own, other = labels[rows], labels[nearest]
    asked = np.bincount(own, minlength=1)
    wrong = np.flatnonzero(own != other)
    pairs = np.stack([own[wrong], other[wrong]], axis=1)
    found, of_pair, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    # Members of one pair side by side, the most alike first.
    members = wrong[np.lexsort((-cosines[wrong], of_pair.reshape(-1)))]
    starts = np.cumsum(counts) - counts
    result = []
    for (label, confused), start, count in zip(
        found.tolist(), starts, counts.tolist(), strict=True
    ):
        best = members[start : start + min(count, examples)]
        shown = tuple((int(rows[m]), int(nearest[m]), float(cosines[m])) for m in best)
        result.append(Confusion(label, confused, count, count / int(asked[label]), shown))
    return sorted(result, key=lambda pair: (-pair.count, -pair.share, pair.label, pair.other))


def doubtful_labels(neighbours: Neighbours, labels: np.ndarray) -> list[DoubtfulLabel]:
    """Returns pictures of whose neighbours at least 80 % are of one other class, surest first.

    At least three neighbours must have a label.
    """
    if not (labels != UNLABELLED).any():
        return []
    around = labels[neighbours.rows]
    known = (around != UNLABELLED).sum(axis=1)
    ordered = np.sort(around, axis=1)
    # The middle of the sorted known labels is the class of the majority, if there is one.
    middle = ordered.shape[1] - 1 - (np.maximum(known, 1) - 1) // 2
    suggested = ordered[np.arange(len(labels)), middle]
    share = (around == suggested[:, None]).sum(axis=1) / np.maximum(known, 1)
    doubtful = (
        (labels != UNLABELLED)
        & (known >= _FEWEST_NEIGHBOURS)
        & (suggested != labels)
        & (share >= _AGREEMENT)
    )
    rows = np.flatnonzero(doubtful)
    closeness = neighbours.cosines[rows].mean(axis=1)
    order = rows[np.lexsort((-closeness, -share[rows]))]
    return [DoubtfulLabel(int(row), int(suggested[row]), float(share[row])) for row in order]
