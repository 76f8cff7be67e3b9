import dataclasses

import numpy as np
import pytest

from simclr_tf.metrics import evaluate_retrieval, pair_similarities
from simclr_tf.protocols.analysis.classes import (
    alike_classes,
    class_order,
    measure_levels,
    measure_retrieval,
)
from simclr_tf.protocols.analysis.clusters import measure_clusters
from simclr_tf.protocols.analysis.hierarchy import Level
from simclr_tf.protocols.analysis.pairs import chosen_threshold, measure_pairs
from tests.protocols.analysis.conftest import SETTINGS, clouds

CLASSES = ["forest"] * 20 + ["sea"] * 12 + ["street"] + [None] * 3
LABELS = np.array([0] * 20 + [1] * 12 + [2] + [-1] * 3)
LEVEL = Level("classes", LABELS, ("forest", "sea", "street"))
VECTORS = clouds(CLASSES, spread=0.6).astype(np.float32)


def test_retrieval_is_that_of_the_metric_with_everything_in_the_gallery():
    found = measure_retrieval(VECTORS, LEVEL, SETTINGS)
    expected = evaluate_retrieval(VECTORS, LABELS).micro()
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert (found["queries"], found["left_out_lone"], found["left_out_unlabelled"]) == (32, 1, 3)
    # 19 of 35 others for each of 20, 11 of 35 for each of 12.
    assert found["chance"] == pytest.approx((20 * 19 + 12 * 11) / 32 / 35)


def test_of_many_pictures_so_many_ask_and_all_are_searched():
    found = measure_retrieval(VECTORS, LEVEL, dataclasses.replace(SETTINGS, max_queries=7))
    assert (found["queries"], found["queries_drawn_from"]) == (7, 32)
    assert found["left_out_lone"] == 1


def test_lone_pictures_find_nothing_and_are_no_error():
    level = Level("classes", np.array([0, 1, -1]), ("a", "b"))
    assert measure_retrieval(VECTORS[:3], level, SETTINGS) is None
    assert measure_levels(VECTORS[:3], (level,), SETTINGS) == []


def test_every_level_is_measured():
    coarse = Level("coarse", np.where(LABELS >= 0, LABELS // 2, -1), ("nature", "town"))
    found = measure_levels(VECTORS, (coarse, LEVEL), SETTINGS)
    assert [(line["level"], line["classes"]) for line in found] == [("coarse", 2), ("classes", 3)]
    # Every picture of forest and sea is of nature.
    assert found[0]["top_1"] > found[1]["top_1"] and found[0]["chance"] > found[1]["chance"]


def test_classes_that_are_alike_stand_together():
    # Two groups, {0, 2, 4} and {1, 3}, that are alike inside.
    matrix = np.full((5, 5), 0.1)
    for group in ([0, 2, 4], [1, 3]):
        matrix[np.ix_(group, group)] = 0.9
    order = class_order(matrix)
    assert sorted(order) == list(range(5))
    assert {frozenset(order[:3]), frozenset(order[3:])} == {
        frozenset({0, 2, 4}),
        frozenset({1, 3}),
    } or {frozenset(order[:2]), frozenset(order[2:])} == {frozenset({1, 3}), frozenset({0, 2, 4})}


def test_classes_of_one_picture_have_a_place_in_the_order():
    matrix = np.full((4, 4), 0.5)
    matrix[np.diag_indices(4)] = np.nan
    assert sorted(class_order(matrix)) == [0, 1, 2, 3]


def test_the_most_alike_classes_come_first():
    matrix = np.array([[1, 0.2, 0.7], [0.2, 1, 0.5], [0.7, 0.5, 1]])
    assert alike_classes(matrix, 2) == [(0, 2, 0.7), (1, 2, 0.5)]


# === Pairs ===


def test_thresholds_keep_their_rates_and_the_check_is_on_other_pictures():
    classes = ["a", "b"] * 100
    vectors, labels = clouds(classes, spread=0.5), np.array([0, 1] * 100)
    settings = dataclasses.replace(SETTINGS, false_accept_rate=0.05, max_pairs=100_000)
    figures, pairs = measure_pairs(vectors, labels, settings)
    # 2 * 100 * 99 / 2 pairs of one class and 100 * 100 of two.
    assert (figures["pairs_same"], figures["pairs_different"]) == (9900, 10_000)
    rates = [entry["false_accept_rate"] for entry in figures["thresholds"]]
    assert rates == [0.1, 0.05, 0.01, 0.001]
    for entry in figures["thresholds"]:
        accepted = np.mean(pairs.different >= np.float32(entry["threshold"]))
        assert accepted <= entry["false_accept_rate"]
    chosen = chosen_threshold(figures, 0.05)
    assert figures["check"]["threshold"] == pytest.approx(chosen["threshold"], abs=0.2)
    assert 0.01 < figures["check"]["false_accept_rate"] < 0.2
    assert figures["alignment"] == pytest.approx(2 - 2 * figures["mean_same"])


def test_the_check_sets_on_one_half_of_every_class_and_measures_on_the_other(monkeypatch):
    seen = []

    def recording(vectors, labels, *rest):
        seen.append((vectors[:, 0].tolist(), labels.tolist()))
        return pair_similarities(vectors, labels, *rest)

    monkeypatch.setattr("simclr_tf.protocols.analysis.pairs.pair_similarities", recording)
    vectors, labels = clouds(["a", "b"] * 20), np.array([0, 1] * 20)
    measure_pairs(vectors, labels, SETTINGS)
    (everything, _), *halves = seen
    assert sorted(halves[0][0] + halves[1][0]) == sorted(everything)
    assert [sorted(half) for _, half in halves] == [[0] * 10 + [1] * 10] * 2


def test_few_pairs_leave_out_the_rates_that_they_say_nothing_of():
    figures, _ = measure_pairs(VECTORS[[0, 1, 20, 21]], np.array([0, 0, 1, 1]), SETTINGS)
    # Four different pairs: not even one in ten.
    assert figures["thresholds"] == [] and figures["check"] is None
    assert chosen_threshold(figures, 0.01) is None


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]])
def test_without_pairs_of_both_kinds_there_are_no_figures(labels):
    assert measure_pairs(VECTORS[:3], np.array(labels), SETTINGS) is None


# === Clusters ===


def test_clusters_of_clouds_are_the_classes():
    classes = ["a"] * 10 + ["b"] * 10 + ["c"] * 10 + [None]
    labels = np.array([0] * 10 + [1] * 10 + [2] * 10 + [-1])
    coarse = Level("coarse", np.minimum(labels, 1), ("a", "rest"))
    fine = Level("fine", labels, ("a", "b", "c"))
    found = measure_clusters(clouds(classes, spread=0.05), (coarse, fine), SETTINGS)
    assert [(line["level"], line["method"], line["clusters"]) for line in found] == [
        ("coarse", "k-means", 2),
        ("coarse", "agglomerative", 2),
        ("fine", "k-means", 3),
        ("fine", "agglomerative", 3),
    ]
    for line in found[2:]:
        assert (line["nmi"], line["ari"], line["purity"]) == pytest.approx((1, 1, 1))
        assert line["pictures"] == 30


def test_copies_are_no_more_clusters_than_there_are_different_pictures():
    vectors = np.repeat(np.eye(2), 4, axis=0)
    level = Level("classes", np.array([0, 0, 1, 1, 2, 2, 2, 2]), ("a", "b", "c"))
    found = measure_clusters(vectors, (level,), SETTINGS)
    assert [line["clusters"] for line in found] == [2, 2]


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2], [-1, -1, -1]])
def test_what_cannot_be_clustered_is_left_out(labels):
    level = Level("classes", np.array(labels), ("a", "b", "c"))
    assert measure_clusters(np.eye(3), (level,), SETTINGS) == []
