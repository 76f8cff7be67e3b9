from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.metrics import evaluate_retrieval, relevant_ranks
from simclr_tf.metrics.relevant_ranks import map_relevant_ranks

GOLDEN = pathlib.Path(__file__).parents[1] / "parity" / "retrieval.json"
# Cosines of these vectors are exact in float32 (-1, -.5, 0, .5, 1), so ties are true ties.
EXACT_UNIT_VECTORS = np.array(
    [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 0], [0.5, 0.5, 0.5, 0.5], [0.5, -0.5, 0.5, -0.5]],
    np.float32,
)
PICTURE = st.tuples(st.integers(0, len(EXACT_UNIT_VECTORS) - 1), st.integers(-1, 4))


def slow_measures(query, label, own, gallery, gallery_labels, k):
    """The measures of one query from the definitions; None when nothing is relevant."""
    others = [
        (float(np.dot(query, gallery[row])), gallery_labels[row] == label)
        for row in range(len(gallery))
        if row != own
    ]
    # Falling similarity; of equal ones the irrelevant (False) first.
    relevant = [is_relevant for _, is_relevant in sorted(others, key=lambda o: (-o[0], o[1]))]
    total = sum(relevant)
    if label == -1 or total == 0:
        return None
    precisions = [sum(relevant[: place + 1]) / (place + 1) for place in range(len(relevant))]
    gains = [hit / np.log2(place + 2) for place, hit in enumerate(relevant)]
    best = [1 / np.log2(place + 2) for place in range(total)]
    at_relevant = [precisions[place] for place, hit in enumerate(relevant) if hit]
    return {
        f"top_{k}": float(any(relevant[:k])),
        f"precision_at_{k}": sum(relevant[:k]) / k,
        f"ndcg_at_{k}": sum(gains[:k]) / sum(best[:k]),
        "r_precision": sum(relevant[:total]) / total,
        "map_at_r": sum(p * hit for p, hit in zip(precisions[:total], relevant, strict=False))
        / total,
        "map": sum(at_relevant) / total,
        "mrr": 1 / (relevant.index(True) + 1),
        "ndcg": sum(gains) / sum(best),
    }


def pictures_of(picks):
    rows, labels = zip(*picks, strict=True)
    return EXACT_UNIT_VECTORS[list(rows)], np.array(labels)


def check_against_loops(report, expected):
    counted = [row for row, measures in enumerate(expected) if measures is not None]
    assert report.rows.tolist() == counted
    for name, values in report.values.items():
        want = [expected[row][name] for row in counted]
        np.testing.assert_allclose(values, want, rtol=1e-12, atol=1e-12, err_msg=name)


@settings(deadline=None)
@given(
    st.lists(PICTURE, min_size=1, max_size=12),
    st.lists(PICTURE, min_size=1, max_size=12),
    st.integers(1, 14),
    st.data(),
)
def test_every_measure_equals_loops_with_ties_duplicates_and_lone_classes(
    picks, gallery_picks, k, data
) -> None:
    queries, labels = pictures_of(picks)
    gallery, gallery_labels = pictures_of(gallery_picks)
    # Some queries are gallery pictures, by id.
    own = [data.draw(st.integers(-1, len(gallery) - 1)) for _ in picks]
    expected = [
        slow_measures(queries[row], labels[row], own[row], gallery, gallery_labels, k)
        for row in range(len(queries))
    ]
    arguments = (queries, labels, gallery, gallery_labels)
    ids = {
        "query_ids": [f"g{row}" if row >= 0 else "elsewhere" for row in own],
        "gallery_ids": [f"g{row}" for row in range(len(gallery))],
    }
    if not any(expected):
        with pytest.raises(ValueError, match="without such a pair"):
            evaluate_retrieval(*arguments, **ids, ks=(k,))
        return
    report = evaluate_retrieval(*arguments, **ids, ks=(k,))
    check_against_loops(report, expected)
    assert report.num_unlabelled == int(np.sum(labels == -1))
    assert report.num_queries + report.num_lone + report.num_unlabelled == len(labels)


@pytest.mark.parametrize("block_elements", [1, 100, 1 << 22])
def test_the_size_of_the_blocks_does_not_change_the_measures(block_elements) -> None:
    generator = np.random.default_rng(0)
    queries, labels = generator.normal(size=(40, 8)), generator.integers(0, 5, 40)
    own = np.arange(40)
    ranks = map_relevant_ranks(
        queries,
        labels,
        queries,
        labels,
        own,
        lambda ranks: np.array([ranks[0], ranks[-1], len(ranks)]),
        block_elements=block_elements,
    )
    cosines = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    cosines = cosines @ cosines.T
    for row in range(40):
        order = [other for other in np.argsort(-cosines[row]) if other != row]
        places = [1 + place for place, other in enumerate(order) if labels[other] == labels[row]]
        assert ranks[row].tolist() == [places[0], places[-1], len(places)]


def test_memory_does_not_grow_with_queries_times_gallery(monkeypatch) -> None:
    shapes = []
    original = relevant_ranks._sort_keys
    monkeypatch.setattr(
        relevant_ranks,
        "_sort_keys",
        lambda scores, *others: shapes.append(scores.shape) or original(scores, *others),
    )
    vectors, labels = np.random.default_rng(0).normal(size=(500, 4)), np.arange(500) % 7
    ignore = np.full(500, -1)
    map_relevant_ranks(
        vectors, labels, vectors, labels, ignore, lambda r: r[:1], block_elements=2000
    )
    assert set(shapes) == {(4, 500)}  # 4 * 500 = 2000 similarities at once


def test_the_queries_are_their_own_gallery_without_themselves() -> None:
    vectors, labels = pictures_of([(0, 0), (0, 0), (1, 1), (3, 1), (4, 2)])
    report = evaluate_retrieval(vectors, labels, ks=(1,))
    expected = [slow_measures(vectors[r], labels[r], r, vectors, labels, 1) for r in range(5)]
    check_against_loops(report, expected)
    assert report.num_lone == 1


def test_a_copy_under_another_id_stays_in_the_ranking() -> None:
    # The query is g0; g1 is its copy of another class and comes first, so class 0 stands second.
    gallery, gallery_labels = pictures_of([(0, 0), (0, 1), (3, 0)])
    report = evaluate_retrieval(
        gallery[:1],
        gallery_labels[:1],
        gallery,
        gallery_labels,
        query_ids=["g0"],
        gallery_ids=["g0", "g1", "g2"],
    )
    assert report.micro()["mrr"] == 1 / 2


def test_an_encoder_that_maps_all_to_one_point_is_not_rewarded() -> None:
    labels = np.array([0, 0, 1, 1])
    report = evaluate_retrieval(np.ones((4, 3)), labels, ks=(1,))
    # The 2 pictures of the other class come before the 1 of the query's own.
    assert report.micro()["top_1"] == 0 and report.micro()["mrr"] == pytest.approx(1 / 3)


def test_pictures_at_one_point_are_equal_wherever_they_stand_in_a_large_gallery() -> None:
    # In float32 the last 3 columns of a product of 1003 differ from the others by one bit.
    vectors = np.repeat(np.random.default_rng(512).normal(size=(1, 512)), 1003, axis=0)
    report = evaluate_retrieval(vectors, np.repeat([0, 1], [1000, 3]), ks=(1,))
    assert report.micro()["top_1"] == 0


def test_the_order_of_the_gallery_does_not_matter() -> None:
    generator = np.random.default_rng(1)
    queries, labels = pictures_of([(row % 5, row % 3) for row in range(9)])
    gallery, gallery_labels = pictures_of([(row % 5, row % 4) for row in range(30)])
    order = generator.permutation(30)
    first = evaluate_retrieval(queries, labels, gallery, gallery_labels)
    second = evaluate_retrieval(queries, labels, gallery[order], gallery_labels[order])
    for name in first.values:
        assert np.array_equal(first.values[name], second.values[name])


def test_the_figures_of_pytorch_metric_learning_are_met() -> None:
    golden = json.loads(GOLDEN.read_text())
    for case in golden["cases"]:
        generator = np.random.default_rng(case["seed"])
        centres = generator.normal(size=(case["classes"], 16))
        labels = generator.integers(0, case["classes"], case["pictures"])
        vectors = centres[labels] + case["spread"] * generator.normal(size=(len(labels), 16))
        report = evaluate_retrieval(vectors, labels, ks=(1,))
        means = report.micro() if case["average"] == "micro" else report.macro()
        assert means["top_1"] == pytest.approx(case["precision_at_1"], abs=1e-6)
        assert means["r_precision"] == pytest.approx(case["r_precision"], abs=1e-6)
        assert means["map_at_r"] == pytest.approx(case["mean_average_precision_at_r"], abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ks": ()}, r"`len\(ks\)` must be at least 1"),
        ({"ks": (0, 1)}, "`ks` must be at least 1. Received: ks=0"),
        ({"query_labels": np.zeros(2, int)}, r"`query_labels` must be one whole number per"),
        ({"query_labels": np.zeros(3)}, "query_labels.dtype=float64"),
        ({"gallery_labels": None}, "`gallery` and `gallery_labels` must be given together"),
        ({"gallery": None, "gallery_labels": None, "query_ids": "abc"}, "ids only with them"),
        ({"query_ids": "abc"}, "`query_ids` and `gallery_ids` must be given together"),
        ({"query_ids": "abc", "gallery_ids": "ab"}, "3 and 2 ids for 3 queries and 4 gallery"),
        ({"query_ids": "abc", "gallery_ids": "abcc"}, "must all differ. Received: 4 ids, 3 of"),
        ({"gallery": np.ones((4, 3))}, "with the same d"),
        ({"gallery": np.full((4, 2), np.nan)}, "`gallery` must be finite"),
        ({"gallery": np.ones((0, 2)), "gallery_labels": np.zeros(0, int)}, "0 gallery pictures"),
        ({"gallery_labels": np.ones(4, int)}, "without such a pair"),
    ],
)
def test_what_cannot_be_measured_is_refused(changes, message) -> None:
    arguments = {
        "queries": np.ones((3, 2)),
        "query_labels": np.zeros(3, int),
        "gallery": np.ones((4, 2)),
        "gallery_labels": np.zeros(4, int),
        **changes,
    }
    with pytest.raises(ValueError, match=message):
        evaluate_retrieval(**arguments)
