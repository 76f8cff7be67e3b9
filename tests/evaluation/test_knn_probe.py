from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.evaluation import fit_knn_probe, knn_predict, knn_probe


def slow_knn_votes(gallery, labels, query, k, temperature, num_classes) -> list[float]:
    """Wu et al. 2018, section 3.4: sum over the k nearest of exp(cosine / temperature)."""
    cosines = [
        float(np.dot(query, row) / (np.linalg.norm(query) * np.linalg.norm(row))) for row in gallery
    ]
    nearest = sorted(range(len(gallery)), key=lambda row: -cosines[row])[:k]
    votes = [0.0] * num_classes
    for row in nearest:
        votes[labels[row]] += math.exp(cosines[row] / temperature)
    return votes


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 2**32 - 1),
    k=st.integers(1, 40),
    temperature=st.floats(0.05, 5.0),
    num_classes=st.integers(1, 6),
)
def test_votes_equal_a_slow_loop(seed: int, k: int, temperature: float, num_classes: int) -> None:
    generator = np.random.default_rng(seed)
    gallery, queries = generator.normal(size=(30, 5)), generator.normal(size=(8, 5))
    labels = generator.integers(num_classes, size=30)
    predicted = knn_predict(
        gallery, labels, queries, k=k, temperature=temperature, num_classes=num_classes
    )
    for query, label in zip(queries, predicted, strict=True):
        votes = slow_knn_votes(gallery, labels, query, k, temperature, num_classes)
        assert votes[label] == pytest.approx(max(votes), rel=1e-4)


@pytest.mark.parametrize("at_once", [1, 7, 20])
def test_votes_in_blocks_of_queries_are_the_same(monkeypatch, at_once) -> None:
    generator = np.random.default_rng(3)
    gallery, queries = generator.normal(size=(30, 5)), generator.normal(size=(11, 5))
    labels = generator.integers(6, size=30)
    whole = knn_predict(gallery, labels, queries, k=9)
    # Blocks of one, one and three of the eleven queries with six classes.
    monkeypatch.setattr(knn_probe, "_VOTES_AT_ONCE", at_once)
    assert knn_predict(gallery, labels, queries, k=9).tolist() == whole.tolist()


def test_a_low_temperature_listens_to_the_nearest_and_a_high_one_to_the_majority() -> None:
    # Cosines .995 (class 0) and twice .707 (class 1). At T = .1: e^9.95 = 20,952 against
    # 2 e^7.07 = 2,352. At T = 10: e^.0995 = 1.10 against 2 e^.0707 = 2.15.
    gallery = np.array([[1.0, 0.1], [1.0, 1.0], [1.0, -1.0]])
    query = np.array([[1.0, 0.0]])
    assert knn_predict(gallery, np.array([0, 1, 1]), query, k=3, temperature=0.1) == [0]
    assert knn_predict(gallery, np.array([0, 1, 1]), query, k=3, temperature=10.0) == [1]


def test_the_lowest_temperature_does_not_overflow() -> None:
    gallery = np.eye(3)
    assert knn_predict(gallery, np.arange(3), gallery, temperature=1e-6).tolist() == [0, 1, 2]


def test_equal_votes_go_to_the_lower_label() -> None:
    gallery, query = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 1.0]])
    assert knn_predict(gallery, np.array([3, 1]), query, k=2).tolist() == [1]


def test_k_is_capped_at_the_gallery() -> None:
    gallery = np.eye(2)
    assert knn_predict(gallery, np.array([0, 1]), gallery, k=200).tolist() == [0, 1]


def noisy_neighbourhood() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two opposite clusters of 5; the row nearest to each query is wrongly labelled."""
    angles = np.array([0.0, 0.1, 0.2, 0.3, 0.4])
    angles = np.concatenate([angles, angles + np.pi])
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    labels = np.array([1, 0, 0, 0, 0, 0, 1, 1, 1, 1])
    return features, labels, features[[0, 5]], np.array([0, 1])


def test_the_best_k_on_validation_is_chosen() -> None:
    # k = 1 hears only the wrong neighbour; k = 5 its four right ones; k = 10 everyone, but
    # the far cluster weighs e^(-1 / T) of the near one, so k = 5 and 10 are equally good.
    probe = fit_knn_probe(*noisy_neighbourhood(), ks=(1, 5))
    assert probe.validation_accuracies == {1: 0.0, 5: 1.0}
    assert (probe.k, probe.temperature, probe.validation_accuracy) == (5, 0.1, 1.0)
    assert probe.predict(noisy_neighbourhood()[2]).tolist() == [0, 1]


def test_of_equal_accuracies_the_larger_k_is_chosen() -> None:
    assert fit_knn_probe(*noisy_neighbourhood(), ks=(10, 1, 5)).k == 10


def test_every_k_beyond_the_gallery_counts_as_the_whole_gallery() -> None:
    probe = fit_knn_probe(*noisy_neighbourhood(), ks=(100, 200))
    assert list(probe.validation_accuracies) == [10]


def test_choosing_k_agrees_with_predicting_at_each_k() -> None:
    generator = np.random.default_rng(3)
    train, validation = generator.normal(size=(60, 4)), generator.normal(size=(40, 4))
    labels, truth = generator.integers(3, size=60), generator.integers(3, size=40)
    probe = fit_knn_probe(train, labels, validation, truth, ks=(1, 7, 30), temperature=0.5)
    for k, accuracy in probe.validation_accuracies.items():
        predicted = knn_predict(train, labels, validation, k=k, temperature=0.5)
        assert accuracy == np.mean(predicted == truth)


def test_a_class_that_training_lacks_counts_as_wrong() -> None:
    probe = fit_knn_probe(np.eye(2), np.array([0, 1]), np.eye(2), np.array([0, 9]))
    assert probe.validation_accuracy == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "`k` must be at least 1"),
        ({"temperature": 0.0}, "`temperature` must be greater than 0"),
        ({"num_classes": 1}, "`num_classes` must be at least 2"),
    ],
)
def test_arguments_out_of_range_are_named(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        knn_predict(np.eye(2), np.array([0, 1]), np.eye(2), **arguments)


def test_unlabelled_gallery_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="`gallery_labels` must be at least 0. Received: 1 rows"):
        knn_predict(np.eye(2), np.array([0, -1]), np.eye(2))


@pytest.mark.parametrize("ks", [(), (0, 5)])
def test_ks_must_be_positive_and_at_least_one(ks: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        fit_knn_probe(*noisy_neighbourhood(), ks=ks)
