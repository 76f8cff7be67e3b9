import io

import numpy as np
import pytest
from matplotlib.colors import to_hex

from simclr_tf.plots import plot_embedding_maps
from simclr_tf.plots.class_colours import MOST_NAMED, OTHERS, class_styles
from simclr_tf.plots.figures import COLOURS

NAMES = ("sea", "forest", "street")
LABELS = np.array([0, 1, 1, 2, -1, 1])
POINTS = np.arange(12.0).reshape(6, 2)


def legend_texts(axes):
    return [text.get_text() for text in axes[0].figure.legends[0].get_texts()]


def test_every_panel_holds_each_class_at_its_points():
    axes = plot_embedding_maps({"before": POINTS, "after": 10 - POINTS}, LABELS, NAMES)
    assert [panel.get_title(loc="left") for panel in axes] == ["before", "after"]
    # Without a label, then the classes by size: forest, sea, street.
    offsets = [dots.get_offsets().data for dots in axes[1].collections]
    expected = [10 - POINTS[rows] for rows in ([4], [1, 2, 5], [0], [3])]
    for found, wanted in zip(offsets, expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_the_legend_counts_the_largest_classes_and_puts_grey_last():
    axes = plot_embedding_maps({"map": POINTS}, LABELS, NAMES, named_classes=1)
    assert legend_texts(axes) == ["forest (3)", "no label (1)", "2 other classes (2)"]
    others = axes[0].collections[1]
    assert to_hex(others.get_facecolor()[0]) == OTHERS


def test_without_labels_all_dots_are_alike_and_there_is_no_legend():
    axes = plot_embedding_maps({"map": POINTS})
    assert len(axes[0].collections) == 1 and not axes[0].figure.legends


def test_a_unit_is_as_long_to_the_right_as_upwards():
    axes = plot_embedding_maps({"map": POINTS}, LABELS, NAMES)
    assert axes[0].get_aspect() == 1


@pytest.mark.parametrize(
    ("maps", "labels"),
    [({}, None), ({"a": POINTS, "b": POINTS[:5]}, None), ({"a": POINTS}, LABELS[:5])],
)
def test_lengths_that_do_not_match_are_refused(maps, labels):
    with pytest.raises(ValueError, match="`maps` must hold coordinates"):
        plot_embedding_maps(maps, labels, NAMES)


@pytest.mark.parametrize("name", ["a$\\foo$", "\udcff", "_hidden", "$5 and $6"])
def test_names_with_odd_characters_are_drawn(name):
    axes = plot_embedding_maps({"$\\a$": POINTS}, LABELS, (name, "b", "c"))
    axes[0].figure.savefig(io.BytesIO())
    assert len(legend_texts(axes)) == 4


def test_every_named_class_looks_different():
    styles = class_styles(np.repeat(np.arange(30), np.arange(30, 0, -1)), MOST_NAMED)
    assert len({(style.colour, style.marker) for style in styles}) == MOST_NAMED
    assert [style.label for style in styles] == list(range(MOST_NAMED))
    assert styles[0].colour == COLOURS[0] and styles[0].count == 30


def test_more_named_classes_than_can_be_told_apart_are_refused():
    with pytest.raises(ValueError, match="`named_classes` must be between 1 and 18"):
        plot_embedding_maps({"map": POINTS}, LABELS, NAMES, named_classes=19)
