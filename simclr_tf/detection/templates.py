"""Every example at every size and angle that is tried, reduced for the search of a page."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from simclr_tf.detection.blur import blurred
from simclr_tf.detection.example import SymbolExample
from simclr_tf.detection.resampling import resized_box
from simclr_tf.detection.settings import DetectorSettings

# Pages are reduced by powers of this factor.
LEVEL_STEP = 1.19
# Templates of one example that are as alike as this are one: symbols that look the same turned.
_SAME = 0.98
# Cutting out a window takes about as long as comparing it with so many templates of its size.
_CUT_COSTS = 16


@dataclasses.dataclass(frozen=True, eq=False)
class Template:
    """An example at one angle and one size.

    Args:
        example: Row of the example in the gallery.
        label: Its class.
        angle: How far it is turned clockwise, degrees.
        height: Height of its box on a page in pixels.
        width: Width of its box on a page in pixels.
    """

    example: int
    label: int
    angle: float
    height: float
    width: float


@dataclasses.dataclass(frozen=True, eq=False)
class TemplateGroup:
    """Templates of similar shapes that are compared with the same windows; g of them.

    Args:
        rows: Which templates of the level, in the order of their shapes, int64 `[g]`.
        height: Of the windows in pixels of the reduced page: the greatest of the templates.
        width: Of the windows likewise.
        weights: Blurred ink, of mean 0 and norm 1 over each one's own box and 0 elsewhere,
            float32 `[g, height * width]`.
    """

    rows: np.ndarray
    height: int
    width: int
    weights: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class LevelTemplates:
    """The templates that are looked for at one reduction of a page; m of them, by rising label.

    Args:
        factor: Size of the reduced page as a share of the page's.
        templates: What they are.
        groups: Their ink; each template is in one group.
        shapes: Height and width of each one's box at the reduced size, int64 `[m, 2]`.
        energies: Squared norm of the ink over the box before it was made 1, float64 `[m]`.
        ink_shares: Ink as a share of a box that is all ink, float64 `[m]`.
    """

    factor: float
    templates: tuple[Template, ...]
    groups: tuple[TemplateGroup, ...]
    shapes: np.ndarray
    energies: np.ndarray
    ink_shares: np.ndarray


def build_templates(
    examples: Sequence[SymbolExample],
    settings: DetectorSettings,
    rows: Sequence[int] | None = None,
) -> list[LevelTemplates]:
    """Returns the templates of examples, by the reduction at which they are looked for.

    Args:
        examples: All examples.
        settings: Which angles and sizes.
        rows: Of the examples that are looked for; all by default.
    """
    by_level: dict[int, list[tuple[Template, np.ndarray, float]]] = {}
    for row in range(len(examples)) if rows is None else rows:
        for template, level, ink, share in _of_example(row, examples[row], settings):
            by_level.setdefault(level, []).append((template, ink, share))
    return [_level(level, found) for level, found in sorted(by_level.items())]


def _of_example(
    row: int, example: SymbolExample, settings: DetectorSettings
) -> list[tuple[Template, int, np.ndarray, float]]:
    found: list[tuple[Template, int, np.ndarray, float]] = []
    scales = settings.scales(example.long_side, example.size_is_known)
    for turn in range(settings.angles):
        angle = 360 * turn / settings.angles
        turned = example.turned(angle)
        for down, across in scales:
            height, width = turned.height * down, turned.width * across
            wanted = settings.window_pixels / math.sqrt(height * width)
            level = max(0, math.floor(-math.log(wanted) / math.log(LEVEL_STEP)))
            factor = LEVEL_STEP**-level
            ink, share = _reduced(turned, height * factor, width * factor)
            same = (other for _, at, other, _ in found if at == level)
            if not any(_alike(ink, other) for other in same):
                template = Template(row, example.label, angle, height, width)
                found.append((template, level, ink, share))
    return found


def _reduced(example: SymbolExample, height: float, width: float) -> tuple[np.ndarray, float]:
    """Returns the blurred ink of the box at a size, and the share of ink in it."""
    picture = resized_box(example, max(3, round(height)), max(3, round(width)), 4)
    inner = picture[4:-4, 4:-4]
    return blurred(picture)[4:-4, 4:-4], float(inner.mean() / 255)


def _alike(first: np.ndarray, second: np.ndarray) -> bool:
    if first.shape != second.shape:
        return False
    a, b = first - first.mean(), second - second.mean()
    return bool((a * b).sum() >= _SAME * np.sqrt((a * a).sum() * (b * b).sum()))


def _level(level: int, found: list[tuple[Template, np.ndarray, float]]) -> LevelTemplates:
    found = sorted(found, key=lambda entry: entry[0].label)
    shapes = np.array([ink.shape for _, ink, _ in found], np.int64)
    energies = np.zeros(len(found))
    units = []
    for row, (_, ink, _) in enumerate(found):
        centred = ink.astype(np.float64) - ink.mean()
        energies[row] = (centred**2).sum()
        units.append(centred / math.sqrt(energies[row] + 1e-9))
    return LevelTemplates(
        factor=LEVEL_STEP**-level,
        templates=tuple(template for template, _, _ in found),
        groups=tuple(_group(rows, shapes, units) for rows in grouped_shapes(shapes)),
        shapes=shapes,
        energies=energies,
        ink_shares=np.array([share for _, _, share in found]),
    )


def _group(rows: np.ndarray, shapes: np.ndarray, units: Sequence[np.ndarray]) -> TemplateGroup:
    height, width = shapes[rows].max(axis=0).tolist()
    weights = np.zeros((len(rows), height, width), np.float32)
    for ink, row in zip(weights, rows.tolist(), strict=True):
        ink[: units[row].shape[0], : units[row].shape[1]] = units[row]
    return TemplateGroup(rows, height, width, weights.reshape(len(rows), -1))


def grouped_shapes(shapes: np.ndarray) -> list[np.ndarray]:
    """Returns which templates to compare with the same windows, so that all of it is fastest.

    A window must hold the largest template of its group: groups of one shape have no number too
    many, and few groups cut out few windows. Two groups become one as long as that saves work.

    Args:
        shapes: Heights and widths, int64 `[m, 2]`, at least one.

    Returns:
        Rows of each group in the order of their shapes, int64.
    """
    distinct, of, counts = np.unique(shapes, axis=0, return_inverse=True, return_counts=True)
    groups = [[shape] for shape in range(len(distinct))]
    sides = distinct.copy()
    while len(groups) > 1:
        own = sides.prod(axis=1) * (_CUT_COSTS + counts)
        common = np.maximum(sides[:, None], sides).prod(axis=2)
        saved = own[:, None] + own - common * (_CUT_COSTS + counts[:, None] + counts)
        np.fill_diagonal(saved, 0)
        first, second = sorted(np.unravel_index(saved.argmax(), saved.shape))
        if saved[first, second] <= 0:
            break
        sides[first] = np.maximum(sides[first], sides[second])
        counts[first] += counts[second]
        groups[first] += groups.pop(second)
        sides, counts = np.delete(sides, second, axis=0), np.delete(counts, second)
    # In the order of the shapes, and where these are equal in that of the templates.
    order = np.argsort(of.reshape(-1), kind="stable")
    return [order[np.isin(of.reshape(-1)[order], group)] for group in groups]
