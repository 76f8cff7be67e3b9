import io

import numpy as np
import pytest
from matplotlib.colors import to_hex

from simclr_tf.plots import Neighbour, plot_neighbours
from simclr_tf.plots.figures import FAINT_INK
from simclr_tf.plots.neighbours import RIGHT, WRONG


def picture(seed):
    return np.random.default_rng(seed).integers(0, 256, (6, 4, 3), np.uint8)


def frame(axes):
    return to_hex(axes.spines["top"].get_edgecolor())


def test_each_line_holds_the_query_and_its_neighbours_in_order():
    found = [[Neighbour(picture(10 * q + n), 0.9) for n in range(3)] for q in range(2)]
    axes = plot_neighbours([picture(100), picture(101)], found)
    assert axes.shape == (2, 4)
    for row in range(2):
        assert np.array_equal(axes[row, 0].images[0].get_array(), picture(100 + row))
        for place in range(3):
            shown = axes[row, place + 1].images[0].get_array()
            assert np.array_equal(shown, picture(10 * row + place))


def test_the_frame_tells_right_wrong_and_unknown():
    found = [Neighbour(picture(0), 0.5, "", correct) for correct in (True, False, None)]
    (line,) = plot_neighbours([picture(1)], [found])
    assert [frame(cell) for cell in line[1:]] == [RIGHT, WRONG, FAINT_INK]
    marks = [cell.get_xlabel() for cell in line[1:]]
    assert marks == ["0.500  ✓", "0.500  ✗", "0.500"]


def test_score_and_class_stand_below_a_neighbour_and_the_class_below_the_query():
    found = [[Neighbour(picture(0), -0.1234, "pears")]]
    ((query, cell),) = plot_neighbours([picture(1)], found, ["apples"])
    assert query.get_xlabel() == "apples"
    assert cell.get_xlabel() == "−0.123\npears"


def test_of_a_long_name_the_end_is_shown():
    ((query, _),) = plot_neighbours(
        [picture(1)], [[Neighbour(picture(0), 1.0)]], ["a_very_long_file_name_0001.jpg"]
    )
    assert query.get_xlabel() == "…ile_name_0001.jpg"


@pytest.mark.parametrize("counts", [[], [1, 2], [0, 0], [1]])
def test_lines_that_do_not_match_are_refused(counts):
    queries = [] if not counts else [picture(0)] * 2
    found = [[Neighbour(picture(1), 1.0)] * count for count in counts]
    with pytest.raises(ValueError, match="`queries` and `neighbours` must have one line each"):
        plot_neighbours(queries, found)


@pytest.mark.parametrize("name", ["a$\\foo$.jpg", "\udcff.jpg", "$5 and $6"])
def test_names_with_odd_characters_are_drawn_as_they_are(name):
    axes = plot_neighbours([picture(1)], [[Neighbour(picture(0), 1.0, name)]], [name])
    axes[0, 0].figure.savefig(io.BytesIO())
    assert axes[0, 0].get_xlabel() == name.replace("\udcff", "?")
