import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.metrics import class_similarity


def on_circle(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def slow(vectors, labels, classes):
    """The mean over all pairs, pair by pair."""
    unit = [v / np.linalg.norm(v) if np.any(v) else v for v in vectors.astype(np.float64)]
    matrix = np.full((classes, classes), np.nan)
    for a in range(classes):
        for b in range(classes):
            cosines = [
                unit[i] @ unit[j]
                for i in range(len(unit))
                for j in range(len(unit))
                if i != j and labels[i] == a and labels[j] == b
            ]
            if cosines:
                matrix[a, b] = np.mean(cosines)
    return matrix


def test_the_example_of_the_docstring():
    matrix = class_similarity(on_circle(0, 60, 90), np.array([0, 0, 1]), 2)
    # cos 60 = 0.5; (cos 90 + cos 30) / 2 = 0.8660 / 2 = 0.4330.
    np.testing.assert_allclose(matrix[0], [0.5, 0.4330], atol=1e-4)
    assert matrix[1, 0] == matrix[0, 1] and np.isnan(matrix[1, 1])


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 4))
def test_it_is_the_mean_over_all_pairs(seed, pictures, classes):
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=(pictures, 3)).astype(np.float32)
    vectors[generator.random(pictures) < 0.2] = 0
    labels = generator.integers(-1, classes, pictures)
    expected = slow(vectors, labels, classes)
    np.testing.assert_allclose(class_similarity(vectors, labels, classes), expected, atol=1e-6)


def test_more_rows_than_a_block_give_the_same(monkeypatch):
    generator = np.random.default_rng(0)
    vectors, labels = generator.normal(size=(50, 4)), generator.integers(0, 3, 50)
    whole = class_similarity(vectors, labels, 3)
    # The package has a function of the module's name.
    module = importlib.import_module("simclr_tf.metrics.class_similarity")
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(class_similarity(vectors, labels, 3), whole, atol=1e-12)


@pytest.mark.parametrize("labels", [[0, 2], [-2, 0]])
def test_a_label_out_of_range_is_refused(labels):
    with pytest.raises(ValueError, match="`labels` must be from -1 to 1. Received"):
        class_similarity(on_circle(0, 1), np.array(labels), 2)


def test_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match="`labels` must be one per embedding"):
        class_similarity(on_circle(0, 1), np.array([0]), 2)
