import numpy as np
import pytest

from simclr_tf.plots import plot_class_bars


def rows(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_one_embedding_gives_bars_with_the_highest_on_top():
    axes = plot_class_bars({"e": {"sea": 0.2, "forest": 0.9}}, {"sea": 10, "forest": 1200})
    assert rows(axes) == ["sea  (10)", "forest  (1,200)"]
    assert [bar.get_width() for bar in axes.patches] == [0.2, 0.9]
    assert [text.get_text() for text in axes.texts] == ["20 %", "90 %"]


def test_two_embeddings_give_dots_joined_by_lines():
    values = {"before": {"sea": 0.5}, "after": {"sea": 0.2, "forest": 0.9}}
    axes = plot_class_bars(values)
    assert rows(axes) == ["sea", "forest"]
    before, after = (dots.get_offsets().data for dots in axes.collections)
    np.testing.assert_allclose(before, [[0.5, 0]])
    np.testing.assert_allclose(after, [[0.2, 0], [0.9, 1]])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["before", "after"]


def test_of_many_classes_the_lowest_are_shown():
    values = {f"c{number:03d}": number / 100 for number in range(80)}
    axes = plot_class_bars({"e": values}, title="Top 1")
    assert rows(axes) == [f"c{number:03d}" for number in range(36)]
    assert axes.get_title(loc="left") == "Top 1: the 36 lowest of 80 classes"


@pytest.mark.parametrize("values", [{}, {"e": {}}])
def test_no_classes_are_refused(values):
    with pytest.raises(ValueError, match="`values` must hold classes"):
        plot_class_bars(values)
