from __future__ import annotations

import numpy as np
import pytest

from simclr_tf.plots import plot_confusion_matrix


def matrix_of(classes: int) -> tuple[np.ndarray, list[str]]:
    return np.eye(classes, dtype=int), [f"class {label}" for label in range(classes)]


def test_rows_are_drawn_as_fractions_of_their_true_class() -> None:
    axes = plot_confusion_matrix([[3, 1, 0], [0, 2, 2], [0, 0, 0]], ["a", "b", "c"])
    expected = [[0.75, 0.25, 0], [0, 0.5, 0.5], [0, 0, 0]]  # no picture is of class c
    assert np.array_equal(axes.images[0].get_array(), expected)
    assert [text.get_text() for text in axes.texts] == ["75", "25", "50", "50"]


@pytest.mark.parametrize(("classes", "labels", "numbers"), [(10, 10, 10), (40, 40, 0), (240, 0, 0)])
def test_names_and_numbers_are_dropped_where_they_could_not_be_read(
    classes: int, labels: int, numbers: int
) -> None:
    axes = plot_confusion_matrix(*matrix_of(classes), title="Linear probe")
    assert len(axes.get_xticklabels()) == len(axes.get_yticklabels()) == labels
    assert len(axes.texts) == numbers
    assert axes.get_title(loc="left") == "Linear probe"


def test_names_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match=r"matrix.shape=\(2, 2\), len\(class_names\)=3"):
        plot_confusion_matrix(np.eye(2), ["a", "b", "c"])
