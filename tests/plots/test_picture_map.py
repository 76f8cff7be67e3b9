import numpy as np
import pytest

from simclr_tf.plots import plot_picture_maps
from simclr_tf.plots.picture_map import cell_rows


def test_each_cell_holds_the_picture_nearest_to_its_centre():
    # Two cells a side over [0, 1] x [0, 1]; the centres are at 0.25 and 0.75.
    points = np.array([[0, 0], [0.3, 0.2], [1, 0.1], [0.7, 1]])
    assert cell_rows(points, 2).tolist() == [[-1, 3], [1, 2]]


def test_a_narrow_map_stands_in_the_middle():
    points = np.array([[0.0, 0.0], [4.0, 0.0]])
    assert cell_rows(points, 3).tolist() == [[-1, -1, -1], [0, -1, 1], [-1, -1, -1]]


def test_pictures_on_one_point_share_a_cell():
    assert (cell_rows(np.ones((5, 2)), 3) >= 0).sum() == 1


def picture(value):
    return np.full((4, 4, 3), value, np.uint8)


def test_the_panel_shows_the_pictures_in_their_cells_framed_by_class():
    grid = np.array([[2, -1], [-1, 0]])
    pictures = {0: picture(10), 2: picture(20)}
    labels = np.array([1, 0, 0])
    (panel,) = plot_picture_maps({"map": grid}, pictures, labels, ("sea", "forest"))
    canvas = panel.images[0].get_array()
    # A cell is 2 + 4 + 2 pixels of frame and picture, and one of paper.
    assert canvas.shape == (18, 18, 3)
    assert (canvas[2:6, 2:6] == 20).all() and (canvas[11:15, 11:15] == 10).all()
    assert canvas[0, 0].tolist() == [0x00, 0x72, 0xB2]  # sea, the larger class
    assert canvas[9, 9].tolist() == [0xD5, 0x5E, 0x00]
    assert (canvas[:9, 9:] == 255).all()
    texts = [text.get_text() for text in panel.figure.legends[0].get_texts()]
    assert texts == ["sea", "forest"]


def test_without_labels_there_is_no_legend():
    (panel,) = plot_picture_maps({"map": np.array([[0]])}, {0: picture(1)})
    assert not panel.figure.legends


def test_empty_grids_are_refused():
    with pytest.raises(ValueError, match="`grids` must hold pictures"):
        plot_picture_maps({"map": np.array([[-1]])}, {})
