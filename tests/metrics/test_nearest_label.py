import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.metrics import nearest_label_accuracy, row_blocks


def slow_accuracy(z, labels, pictures):
    """Row by row, with float64 cosines."""
    z = z.astype("float64")
    z = z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    right = counted = 0
    for i, label in enumerate(labels):
        others = [j for j in range(len(z)) if pictures[j] != pictures[i]]
        same = [z[i] @ z[j] for j in others if labels[j] == label]
        wrong = [z[i] @ z[j] for j in others if labels[j] != label]
        if label >= 0 and same:
            counted += 1
            right += not wrong or max(same) > max(wrong)
    return right / max(counted, 1)


@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_it_equals_a_plain_loop(seed, count, classes):
    generator = np.random.default_rng(seed)
    z = generator.normal(size=(2 * count, 3)).astype("float32")
    labels = np.tile(generator.integers(-1, classes, count), 2)
    pictures = np.tile(np.arange(count), 2)
    found = float(nearest_label_accuracy(z, labels, pictures))
    assert found == pytest.approx(slow_accuracy(z, labels, pictures))


def test_the_other_view_of_the_same_picture_does_not_count():
    # The views of each picture agree exactly; the other picture of its class is farther away
    # than a wrong one: without the rule the accuracy would be 1.
    angles = np.radians([0, 50, 20, 90])
    z = np.tile(np.stack([np.cos(angles), np.sin(angles)], axis=1), (2, 1))
    labels, pictures = np.tile([0, 0, 1, 1], 2), np.tile(np.arange(4), 2)
    assert float(nearest_label_accuracy(z, labels, pictures)) == 0.0


def test_one_point_for_all_is_not_rewarded():
    assert float(nearest_label_accuracy(np.ones((4, 2)), [0, 0, 1, 1], np.arange(4))) == 0.0


def test_without_labels_it_is_zero():
    assert float(nearest_label_accuracy(np.eye(3), [-1, -1, -1], np.arange(3))) == 0.0


def test_blocks_give_the_same(monkeypatch):
    generator = np.random.default_rng(5)
    z, labels = generator.normal(size=(40, 4)), generator.integers(0, 5, 40)
    whole = float(nearest_label_accuracy(z, labels, np.arange(40)))
    monkeypatch.setattr(row_blocks, "_ROWS_AT_ONCE", 1)
    monkeypatch.setattr(row_blocks, "_BLOCK_SIZE", 7)
    assert float(nearest_label_accuracy(z, labels, np.arange(40))) == pytest.approx(whole)
    assert 0 < whole < 1
