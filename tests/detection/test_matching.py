import numpy as np
import pytest

from simclr_tf.detection import DetectorSettings
from simclr_tf.detection.blur import blurred
from simclr_tf.detection.ink import ink_map
from simclr_tf.detection.matching import LevelMatcher
from simclr_tf.detection.templates import build_templates, grouped_shapes
from tests.detection.drawn import draw_page

LEAST_SIMILARITY, LEAST_INK = 0.4, 0.5


@pytest.fixture(scope="module")
def page():
    return ink_map(draw_page([("house", 12, 8, 0), ("cross", 40, 30, 0)], 70, 80))[::2, ::2]


@pytest.fixture
def level(gallery):
    """The level with the most templates."""
    levels = build_templates(gallery.examples, DetectorSettings(stretch=1.25))
    return max(levels, key=lambda level: len(level.templates))


def every_score(page, level):
    """Returns `[templates, H, W]` by plain loops; -1 where a window has too little ink.

    The template of least ink and energy decides for all of its shape.
    """
    inked = blurred(page).astype(float)
    scores = np.full((len(level.templates), *page.shape), -1.0)
    for group in level.groups:
        for row, weights in zip(group.rows, group.weights, strict=True):
            height, width = level.shapes[row]
            weights = weights.reshape(group.height, group.width)[:height, :width]
            alike = (level.shapes == level.shapes[row]).all(axis=1)
            least_ink = LEAST_INK * level.ink_shares[alike].min()
            least_energy = 0.1 * level.energies[alike].min()
            for y in range(page.shape[0] - height + 1):
                for x in range(page.shape[1] - width + 1):
                    box = slice(y, y + height), slice(x, x + width)
                    if page[box].mean() / 255 < least_ink:
                        continue
                    window = inked[box] - inked[box].mean()
                    energy = max((window**2).sum(), least_energy)
                    scores[row, y, x] = (window * weights).sum() / np.sqrt(energy)
    return scores


def test_peaks_are_those_of_every_window_compared_with_every_template(page, level):
    room = level.shapes.max(axis=0)
    padded = np.pad(page, [(2, room[0]), (2, room[1])])
    (found,) = LevelMatcher(padded, level, LEAST_SIMILARITY, LEAST_INK).peaks()
    scores = every_score(padded, level)
    labels = np.array([template.label for template in level.templates])
    np.testing.assert_allclose(
        found.similarities, scores[found.rows, found.ys, found.xs], atol=1e-4
    )
    expected = set()
    for label in np.unique(labels):
        best = scores[labels == label].max(axis=0)
        for y in range(1, page.shape[0] + 1):
            for x in range(page.shape[1] + 2):
                around = best[y - 1 : y + 2, max(0, x - 1) : x + 2]
                if best[y, x] >= LEAST_SIMILARITY and best[y, x] == around.max():
                    expected.add((int(label), y, x))
    peaks = zip(labels[found.rows].tolist(), found.ys.tolist(), found.xs.tolist(), strict=True)
    assert len(expected) >= 4
    assert set(peaks) == expected


def test_strips_find_what_the_whole_page_does(page, level, monkeypatch):
    room = level.shapes.max(axis=0)
    padded = np.pad(page, [(2, room[0]), (2, room[1])])
    (whole,) = LevelMatcher(padded, level, LEAST_SIMILARITY, LEAST_INK).peaks()
    monkeypatch.setattr("simclr_tf.detection.matching._MAP_VALUES", 1)
    strips = list(LevelMatcher(padded, level, LEAST_SIMILARITY, LEAST_INK).peaks())
    assert len(strips) > 2
    places = {(y, x, row) for part in strips for y, x, row in zip(*part[:3], strict=True)}
    assert places == set(zip(*whole[:3], strict=True))


def test_few_templates_share_their_windows_and_many_are_compared_in_their_own_shape():
    # 12 x 13 holds both for 156 (16 + 2) = 2808 < 144 (16 + 1) + 130 (16 + 1) = 4658.
    assert [rows.tolist() for rows in grouped_shapes(np.array([[12, 12], [10, 13]]))] == [[1, 0]]
    # 30 x 30 would hold both for 900 (16 + 200) = 194400 > 2 * 180 (16 + 100) = 41760.
    shapes = np.array([[30, 6]] * 100 + [[6, 30]] * 100)
    groups = sorted(rows.tolist() for rows in grouped_shapes(shapes))
    assert groups == [list(range(100)), list(range(100, 200))]
