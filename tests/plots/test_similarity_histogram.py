import numpy as np
import pytest

from simclr_tf.plots import plot_similarity_histogram

SAME, DIFFERENT = np.array([0.7, 0.8, 0.9]), np.array([0.0, 0.1, 0.2, 0.3, 0.8])


def test_each_histogram_has_an_area_of_one():
    (panel,) = plot_similarity_histogram({"map": (SAME, DIFFERENT)}, bins=9)
    different, same = (steps.get_data() for steps in panel.patches)
    for steps in (different, same):
        assert np.sum(steps.values * np.diff(steps.edges)) == pytest.approx(1)
    # The bins are 0.1 wide: of the five different pairs one lies in the last.
    assert different.values[-1] * 0.1 == pytest.approx(1 / 5)
    texts = [text.get_text() for text in panel.get_legend().get_texts()]
    assert texts == ["different classes", "same class"]


def test_the_threshold_is_marked_with_its_notes():
    (panel,) = plot_similarity_histogram(
        {"map": (SAME, DIFFERENT)}, {"map": 0.75}, {"map": ["accepts 67 % of same"]}
    )
    assert panel.lines[0].get_xdata() == [0.75, 0.75]
    assert panel.texts[0].get_text() == "threshold 0.750\naccepts 67 % of same"


def test_equal_cosines_are_drawn():
    (panel,) = plot_similarity_histogram({"map": (np.ones(3), np.ones(2))})
    assert len(panel.patches) == 2


@pytest.mark.parametrize("pairs", [{}, {"map": (SAME, DIFFERENT[:0])}])
def test_no_pairs_are_refused(pairs):
    with pytest.raises(ValueError, match="`pairs` must hold cosines of the same and of different"):
        plot_similarity_histogram(pairs)
