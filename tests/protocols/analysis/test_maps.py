import dataclasses
import sys

import numpy as np
import pytest

from simclr_tf.protocols.analysis.maps import (
    check_map_method,
    drawn_rows,
    neighbour_map,
    pca_map,
)
from tests.protocols.analysis.conftest import SETTINGS, clouds

CLASSES = ["sea"] * 15 + ["forest"] * 15


def nearest_share(points, classes):
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argmin(axis=1)
    return np.mean([classes[row] == classes[near] for row, near in enumerate(nearest)])


def test_t_sne_keeps_neighbours_together_and_is_the_same_again():
    vectors = clouds(CLASSES)
    points = neighbour_map(vectors, SETTINGS)
    assert points.shape == (30, 2)
    assert nearest_share(points, CLASSES) > 0.9
    assert np.array_equal(points, neighbour_map(vectors, SETTINGS))


@pytest.mark.parametrize("count", [3, 4])
def test_a_few_pictures_have_a_map(count):
    points = neighbour_map(np.eye(5)[:count], SETTINGS)
    assert points.shape == (count, 2) and np.isfinite(points).all()


def test_embeddings_that_are_one_point_have_a_map_that_is_one():
    assert not neighbour_map(np.ones((6, 4)), SETTINGS).any()
    points, share = pca_map(np.ones((6, 4)), seed=0)
    assert not points.any() and share == 0


def test_pca_keeps_the_directions_of_the_largest_variance():
    # Variances 9, 1 and 0 along the axes: the first two hold all of it.
    vectors = np.array([[3, 0, 0], [-3, 0, 0], [0, 1, 0], [0, -1, 0.0]])
    points, share = pca_map(vectors, seed=0)
    np.testing.assert_allclose(np.abs(points), np.abs(vectors[:, :2]), atol=1e-9)
    assert share == pytest.approx(1.0)


def test_embeddings_of_one_number_have_a_map():
    points, share = pca_map(np.array([[1.0], [-1.0], [1.0]]), seed=0)
    assert points.shape == (3, 2) and share == pytest.approx(1.0)


def test_rows_are_drawn_once_each_by_the_seed():
    rows = drawn_rows(100, 10, seed=3)
    assert len(set(rows.tolist())) == 10 and (np.diff(rows) > 0).all()
    assert np.array_equal(rows, drawn_rows(100, 10, seed=3))
    assert np.array_equal(drawn_rows(5, 10, seed=3), np.arange(5))


def test_umap_without_its_package_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"`map_method` may be umap only .*simclr_tf\[umap\]"):
        check_map_method(dataclasses.replace(SETTINGS, map_method="umap"))
