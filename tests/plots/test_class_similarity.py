import io

import numpy as np
import pytest

from simclr_tf.plots import plot_class_similarity

MATRIX = np.array([[0.9, 0.2], [0.2, np.nan]])


def test_both_panels_share_the_scale_and_hold_the_matrices():
    axes = plot_class_similarity({"before": MATRIX, "after": MATRIX / 2}, ("sea", "forest"))
    images = [panel.images[0] for panel in axes]
    assert [image.get_clim() for image in images] == [(0.1, 0.9)] * 2
    np.testing.assert_array_equal(images[0].get_array().filled(np.nan), MATRIX)


def test_numbers_stand_in_the_cells_that_have_one():
    (panel,) = plot_class_similarity({"map": -MATRIX}, ("sea", "forest"))
    assert [text.get_text() for text in panel.texts] == ["−0.90", "−0.20", "−0.20"]


def test_names_stand_once_at_the_rows():
    axes = plot_class_similarity({"a": MATRIX, "b": MATRIX}, ("sea", "$x$"))
    rows = [[label.get_text() for label in panel.get_yticklabels()] for panel in axes]
    assert rows == [["sea", r"\$x\$"], []]
    axes[0].figure.savefig(io.BytesIO())


def test_of_many_classes_the_number_is_named_instead():
    (panel,) = plot_class_similarity({"map": np.eye(61)}, [str(n) for n in range(61)])
    assert panel.get_xlabel() == "61 classes" and not panel.texts


@pytest.mark.parametrize("matrices", [{}, {"a": np.eye(3)}, {"a": np.full((2, 2), np.nan)}])
def test_what_is_no_matrix_of_these_classes_is_refused(matrices):
    with pytest.raises(ValueError, match="`matrices` must have shape"):
        plot_class_similarity(matrices, ("sea", "forest"))
