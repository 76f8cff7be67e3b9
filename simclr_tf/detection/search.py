"""Where on a page the templates fit: every window with ink, compared with every template."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
from PIL import Image

from simclr_tf.detection.matching import LevelMatcher
from simclr_tf.detection.templates import LevelTemplates

_MOST_THREADS = 4
# Pixels of paper above and to the left of a page, for symbols at its edges.
_BORDER = 2


@dataclasses.dataclass(frozen=True, eq=False)
class Places:
    """Windows that look like a template; n of them.

    Args:
        centres: x and y of their centres in pixels of the page, float64 `[n, 2]`.
        levels: Level of each one's template, int64 `[n]`.
        rows: Row of the template in its level, int64 `[n]`.
        labels: Class of the template, int64 `[n]`.
        similarities: Correlation with it, float32 `[n]`.
    """

    centres: np.ndarray
    levels: np.ndarray
    rows: np.ndarray
    labels: np.ndarray
    similarities: np.ndarray

    def of(self, rows: np.ndarray) -> Places:
        """Returns some of them."""
        return Places(*(getattr(self, field.name)[rows] for field in dataclasses.fields(self)))


class PageSearch(Protocol):
    """What finds places on a page: `search_page`, or something else to compare it with."""

    def __call__(
        self,
        ink: np.ndarray,
        levels: list[LevelTemplates],
        *,
        least_similarity: float,
        least_ink: float,
        places_per_class: int,
    ) -> Places:
        """Returns places for each class; see `search_page` for the arguments."""


def search_page(
    ink: np.ndarray,
    levels: list[LevelTemplates],
    *,
    least_similarity: float,
    least_ink: float,
    places_per_class: int,
) -> Places:
    """Returns the windows of a page that look most like each class.

    Every window with at least `least_ink` times the ink of a template is compared with it: the
    embedding of a window is its blurred ink, of mean 0 and norm 1, and the nearest example is
    found by a matrix product. Of neighbouring windows of one size, only the best is returned.

    Args:
        ink: See `ink_map`, uint8 `[H, W]`.
        levels: See `build_templates`.
        least_similarity: Correlation below which a window is left out.
        least_ink: Share of the template's ink below which a window is not looked at.
        places_per_class: So many of each class, those of the highest correlation.
    """

    def search(number: int) -> Places:
        return _search_level(ink, number, levels[number], least_similarity, least_ink)

    # NumPy lets other threads work meanwhile. More of them would hold more memory.
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        found = list(pool.map(search, range(len(levels))))
    return best_places(joined_places(found), places_per_class)


def joined_places(parts: Sequence[Places]) -> Places:
    """Returns the places of one part or more, one part after another."""
    fields = dataclasses.fields(Places)
    return Places(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields)
    )


def best_places(places: Places, places_per_class: int) -> Places:
    """Returns so many places of each class, those of the highest similarity."""
    order = np.argsort(-places.similarities, kind="stable")
    kept = [order[places.labels[order] == label][:places_per_class]
            for label in np.unique(places.labels)]  # fmt: skip
    return places.of(np.concatenate([np.zeros(0, np.int64), *kept]))


def _search_level(
    ink: np.ndarray, number: int, level: LevelTemplates, least_similarity: float, least_ink: float
) -> Places:
    height, width = (max(1, round(side * level.factor)) for side in ink.shape)
    reduced = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR))
    # Room for windows whose template is smaller than the largest one, at the edges.
    room = level.shapes.max(axis=0)
    padded = np.pad(reduced, [(_BORDER, room[0]), (_BORDER, room[1])])
    found = list(LevelMatcher(padded, level, least_similarity, least_ink).peaks())
    ys, xs, rows, similarities = (np.concatenate(values) for values in zip(*found, strict=True))
    scale = np.array([ink.shape[1] / width, ink.shape[0] / height])
    corners = np.stack([xs, ys], axis=1) - _BORDER
    labels = np.array([template.label for template in level.templates])
    return Places(
        centres=(corners + level.shapes[rows][:, ::-1] / 2) * scale,
        levels=np.full(len(rows), number, np.int64),
        rows=rows,
        labels=labels[rows],
        similarities=similarities,
    )
