import numpy as np
import pytest

from simclr_tf.detection import DetectorSettings
from simclr_tf.detection.blur import blurred
from simclr_tf.detection.ink import ink_map
from simclr_tf.detection.search import search_page
from simclr_tf.detection.templates import build_templates
from tests.detection.drawn import SIDE, draw_page


@pytest.fixture
def levels(gallery):
    return build_templates(gallery.examples, DetectorSettings(stretch=1.0))


def search(page, levels, **arguments):
    options = {"least_similarity": 0.5, "least_ink": 0.5, "places_per_class": 20, **arguments}
    return search_page(ink_map(page), levels, **options)


def template_ink(level, row):
    """Returns the weights of one template in its own box."""
    (group,) = [group for group in level.groups if row in group.rows]
    (ink,) = group.weights[group.rows == row]
    height, width = level.shapes[row]
    return ink.reshape(group.height, group.width)[:height, :width]


def test_the_most_similar_window_is_where_the_symbol_is(levels):
    found = search(draw_page([("house", 33, 107, 0)]), levels)
    houses = found.of(np.flatnonzero(found.labels == 2))
    assert np.abs(houses.centres[0] - [33 + SIDE / 2, 107 + SIDE / 2]).max() <= 3
    assert houses.similarities[0] > 0.85


def test_similarities_are_correlations_of_the_reduced_window(levels):
    # Compared with the formula on the page of the first level, window by window.
    page = draw_page([("cross", 50, 20, 0), ("arrow", 130, 100, 3)])
    found = search(page, levels, least_similarity=0.6)
    ink = ink_map(page)
    from PIL import Image

    assert len(found.labels)
    for row in range(min(len(found.labels), 10)):
        level = levels[found.levels[row]]
        sides = [max(1, round(side * level.factor)) for side in ink.shape]
        reduced = Image.fromarray(ink).resize(sides[::-1], Image.Resampling.BILINEAR)
        inked = blurred(np.pad(np.asarray(reduced), 40))
        height, width = level.shapes[found.rows[row]]
        scale = np.array([sides[1] / ink.shape[1], sides[0] / ink.shape[0]])
        x, y = np.rint(found.centres[row] * scale - [width / 2, height / 2]).astype(int) + 40
        window = inked[y : y + height, x : x + width].astype(float)
        template = template_ink(level, found.rows[row]).astype(float)
        window -= window.mean()
        correlation = (window * template).sum() / np.sqrt((window**2).sum())
        np.testing.assert_allclose(found.similarities[row], correlation, atol=1e-3)


def test_at_most_so_many_places_of_a_class_come_back(levels):
    page = draw_page([("cross", 20 + 50 * column, 20, 0) for column in range(4)])
    found = search(page, levels, least_similarity=0.3, places_per_class=3)
    assert np.bincount(found.labels).max() == 3
    crosses = found.similarities[found.labels == 1]
    assert crosses.min() > 0.8


def test_a_page_without_ink_has_no_places(levels):
    assert not len(search(np.full((50, 60), 255, np.uint8), levels).labels)


def test_a_symbol_that_looks_the_same_turned_is_compared_once(gallery):
    levels = build_templates(gallery.examples, DetectorSettings(stretch=1.0))
    turns = [template.angle for level in levels for template in level.templates]
    labels = [template.label for level in levels for template in level.templates]
    # The crossed square looks alike after half a turn at least.
    assert sum(label == 1 for label in labels) <= 2
    assert sorted(turn for turn, label in zip(turns, labels, strict=True) if label == 2) == [
        0,
        90,
        180,
        270,
    ]


def test_known_sizes_are_stretched_and_pictures_scaled():
    settings = DetectorSettings(stretch=1.25, smallest_symbol=20, largest_symbol=80)
    # Nothing grows in one direction and shrinks in the other: 9 - 2.
    assert len(settings.scales(40, size_is_known=True)) == 7
    scales = settings.scales(40, size_is_known=False)
    assert scales[0] == (0.5, 0.5)
    np.testing.assert_allclose(scales[-1], (2, 2))
    steps = np.diff(np.log([scale for scale, _ in scales]))
    assert (steps <= np.log(1.25) + 1e-9).all()


@pytest.mark.parametrize(("size_step", "count"), [(2.0, 3), (1.25, 8), (1.15, 11)])
def test_a_smaller_step_tries_more_sizes(size_step, count):
    settings = DetectorSettings(smallest_symbol=20, largest_symbol=80, size_step=size_step)
    # From 20 to 80 is a factor of 4: ln 4 / ln 1.25 = 6.2, so 7 steps and 8 sizes.
    scales = settings.scales(40, size_is_known=False)
    assert len(scales) == count
    np.testing.assert_allclose([scales[0], scales[-1]], [(0.5, 0.5), (2, 2)])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("angles", 0),
        ("size_step", 1.0),
        ("stretch", 0.9),
        ("smallest_symbol", 0),
        ("largest_symbol", 10),
        ("window_pixels", 7),
        ("aligned_pixels", 15),
        ("least_similarity", 1.1),
        ("least_ink", -0.1),
        ("places_per_class", 0),
        ("least_score", 2),
        ("overlap", -1),
        ("batch_size", 0),
    ],
)
def test_a_setting_out_of_range_is_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be "):
        DetectorSettings(**{name: value})
