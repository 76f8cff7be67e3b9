from __future__ import annotations

import warnings

import numpy as np
import pytest

from simclr_tf.evaluation import fit_linear_probe, linear_probe


def clusters(
    rows: int, classes: int, noise: float, seed: int, dimensions: int = 8
) -> tuple[np.ndarray, np.ndarray]:
    centres = np.random.default_rng(classes).normal(size=(classes, dimensions))
    generator = np.random.default_rng(seed)
    labels = np.arange(rows) % classes
    features = centres[labels] + noise * generator.normal(size=(rows, dimensions))
    return features.astype(np.float32), labels


def test_separable_classes_are_predicted_without_error() -> None:
    features, labels = clusters(120, 4, noise=0.1, seed=0)
    probe = fit_linear_probe(features, labels, *clusters(40, 4, noise=0.1, seed=1))
    assert probe.validation_accuracy == 1.0
    assert np.array_equal(probe.predict(features), labels)
    assert probe.converged


def test_the_solution_has_no_gradient_left() -> None:
    # Objective of scikit-learn, divided by C n: mean cross-entropy + |w|^2 / (2 C n).
    features, labels = clusters(90, 3, noise=1.5, seed=0)
    probe = fit_linear_probe(features, labels, features, labels, regularisations=(0.05,))
    standardised = (features - features.mean(axis=0)) / features.std(axis=0)
    errors = probe.probabilities(features) - np.eye(3)[labels]
    gradient = standardised.T @ errors / 90 + probe.weights / (0.05 * 90)
    assert np.abs(gradient).max() < 1e-3 / 3
    assert np.abs(errors.mean(axis=0)).max() < 1e-3 / 3


def test_the_penalty_is_chosen_by_validation_accuracy() -> None:
    # Ten weak features among 50 of noise, 100 rows: a weak penalty fits the noise.
    generator = np.random.default_rng(0)

    def noisy(rows: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(rows) % 2
        features = generator.normal(size=(rows, 60))
        features[:, :10] += 0.6 * labels[:, None]
        return features, labels

    train, validation = noisy(100), noisy(2000)
    probe = fit_linear_probe(*train, *validation, regularisations=(100.0, 0.003))
    assert list(probe.validation_accuracies) == [0.003, 100.0]
    assert probe.regularisation == 0.003
    assert probe.validation_accuracy == max(probe.validation_accuracies.values())
    assert probe.validation_accuracies[0.003] > probe.validation_accuracies[100.0] + 0.02
    assert probe.validation_accuracy == np.mean(probe.predict(validation[0]) == validation[1])


def test_of_equal_accuracies_the_strongest_penalty_is_chosen() -> None:
    data = clusters(60, 3, noise=0.01, seed=0)
    probe = fit_linear_probe(*data, *data, regularisations=(10.0, 0.1, 1.0))
    assert set(probe.validation_accuracies.values()) == {1.0}
    assert probe.regularisation == 0.1


def test_validation_pictures_change_the_penalty_only() -> None:
    train = clusters(60, 3, noise=1.0, seed=0)
    first = fit_linear_probe(*train, *clusters(30, 3, 1.0, seed=1), regularisations=(0.1,))
    second = fit_linear_probe(*train, *clusters(30, 3, 9.0, seed=2), regularisations=(0.1,))
    assert np.array_equal(first.weights, second.weights)
    assert np.array_equal(first.mean, second.mean)


def test_labels_need_not_be_contiguous() -> None:
    features, labels = clusters(60, 3, noise=0.05, seed=0)
    odd_labels = np.array([7, 100, 42])[labels]
    probe = fit_linear_probe(features, odd_labels, features, odd_labels)
    assert probe.classes.tolist() == [7, 42, 100]
    assert np.array_equal(probe.predict(features), odd_labels)


def test_a_class_that_training_lacks_counts_as_wrong() -> None:
    features, labels = clusters(60, 3, noise=0.01, seed=0)
    known = labels < 2
    probe = fit_linear_probe(features[known], labels[known], features, labels)
    assert probe.validation_accuracy == pytest.approx(2 / 3)
    assert 2 not in probe.predict(features)


@pytest.mark.parametrize("classes", [2, 5])
def test_probabilities_sum_to_one_and_agree_with_the_prediction(classes: int) -> None:
    features, labels = clusters(60, classes, noise=1.0, seed=0)
    probe = fit_linear_probe(features, labels, features, labels)
    probabilities = probe.probabilities(features)
    assert probabilities.shape == (60, classes)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert np.array_equal(probe.classes[probabilities.argmax(axis=1)], probe.predict(features))


def test_a_constant_feature_has_no_say() -> None:
    features, labels = clusters(60, 3, noise=0.5, seed=0)
    with_constant = np.concatenate([features, np.full((60, 1), 0.1, np.float32)], axis=1)
    plain = fit_linear_probe(features, labels, features, labels, regularisations=(1.0,))
    probe = fit_linear_probe(with_constant, labels, with_constant, labels, regularisations=(1.0,))
    assert probe.scale[-1] == 1
    np.testing.assert_allclose(probe.weights[:-1], plain.weights, atol=1e-3)
    np.testing.assert_allclose(probe.weights[-1], 0, atol=1e-6)


def test_scale_and_offset_of_a_feature_do_not_matter() -> None:
    features, labels = clusters(60, 3, noise=1.0, seed=0)
    moved = features * np.geomspace(1e-2, 1e2, 8).astype(np.float32) + 5
    plain = fit_linear_probe(features, labels, features, labels, regularisations=(0.1,))
    probe = fit_linear_probe(moved, labels, moved, labels, regularisations=(0.1,))
    np.testing.assert_allclose(probe.probabilities(moved), plain.probabilities(features), atol=5e-3)


def test_two_hundred_classes_with_two_labels_each_are_fitted() -> None:
    train = clusters(400, 200, noise=0.2, seed=0, dimensions=32)
    validation = clusters(400, 200, noise=0.2, seed=1, dimensions=32)
    probe = fit_linear_probe(*train, *validation)
    assert probe.validation_accuracy > 0.9


def test_a_fit_that_does_not_converge_is_recorded_and_does_not_warn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(linear_probe, "_MAX_ITERATIONS", 2)
    data = clusters(90, 3, noise=2.0, seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probe = fit_linear_probe(*data, *data, regularisations=(100.0,))
    assert not probe.converged


def test_two_fits_are_identical() -> None:
    data = clusters(90, 3, noise=2.0, seed=0)
    first, second = (fit_linear_probe(*data, *data) for _ in range(2))
    assert np.array_equal(first.weights, second.weights)


def test_a_single_class_is_refused() -> None:
    features = np.ones((3, 2), np.float32)
    labels = np.array([4, 4, 4])
    with pytest.raises(ValueError, match="at least 2 classes. Received: only label 4 in 3 rows"):
        fit_linear_probe(features, labels, features, labels)


@pytest.mark.parametrize(
    ("train_rows", "validation_rows", "name"), [(0, 6, "train"), (6, 0, "validation")]
)
def test_empty_splits_are_refused(train_rows: int, validation_rows: int, name: str) -> None:
    features, labels = clusters(6, 3, noise=0.1, seed=0)
    with pytest.raises(ValueError, match=f"`{name}_labels` must not be empty"):
        fit_linear_probe(
            features[:train_rows],
            labels[:train_rows],
            features[:validation_rows],
            labels[:validation_rows],
        )


def test_features_that_are_not_finite_are_refused() -> None:
    features, labels = clusters(6, 3, noise=0.1, seed=0)
    features[2, 1] = np.inf
    with pytest.raises(ValueError, match="`train_features` must be finite. Received: 1 of 6 rows"):
        fit_linear_probe(features, labels, features, labels)


def test_features_and_labels_of_different_length_are_refused() -> None:
    features, labels = clusters(6, 3, noise=0.1, seed=0)
    with pytest.raises(ValueError, match=r"shapes \[n, d\] and \[n\]"):
        fit_linear_probe(features, labels[:5], features, labels)


def test_labels_that_are_not_whole_numbers_are_refused() -> None:
    features, labels = clusters(6, 3, noise=0.1, seed=0)
    with pytest.raises(ValueError, match="`train_labels` must be whole numbers"):
        fit_linear_probe(features, labels + 0.5, features, labels)


def test_a_penalty_of_zero_is_refused() -> None:
    data = clusters(6, 3, noise=0.1, seed=0)
    with pytest.raises(ValueError, match="`regularisations` must be greater than 0"):
        fit_linear_probe(*data, *data, regularisations=(0.0, 1.0))


def test_one_label_a_class_is_fitted_without_a_warning():
    # Warnings are errors in this suite; scikit-learn would suspect a regression.
    features = np.eye(30, dtype=np.float32)
    probe = fit_linear_probe(features, np.arange(30), features, np.arange(30))
    assert probe.validation_accuracy == 1.0
