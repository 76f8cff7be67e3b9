import dataclasses

import keras
import numpy as np
import pytest

from simclr_tf.protocols import SplitFeatures, knn_probe, linear_probe, split_features

CLASSES = ("left", "right", "never seen")


def far_apart(count, seed):
    """Two classes, at -5 and +5 of the first of two features."""
    labels = np.arange(count, dtype=np.int32) % 2
    noise = np.random.default_rng(seed).normal(size=(count, 2))
    return (noise + np.stack([10.0 * labels - 5, 0 * labels], 1)).astype(np.float32), labels


@pytest.fixture
def features():
    train, train_labels = far_apart(40, 1)
    validation, validation_labels = far_apart(20, 2)
    test, test_labels = far_apart(20, 3)
    # Two of the twenty test pictures carry the other's label.
    test_labels[:2] = 1 - test_labels[:2]
    return SplitFeatures(
        train, train_labels, validation, validation_labels, test, test_labels, CLASSES, 0.5
    )


@pytest.fixture(scope="module")
def mean_colour():
    """An encoder whose features are the picture's mean red, green and blue."""
    pictures = keras.Input((None, None, 3))
    return keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(pictures))


@pytest.mark.parametrize("probe", [linear_probe, knn_probe])
def test_a_probe_is_chosen_on_validation_and_tested_on_test(features, probe):
    fitted, report = probe(features, np.arange(40))
    assert report["validation_accuracy"] == 1.0
    assert report["accuracy"] == pytest.approx(18 / 20)
    assert report["count"] == 20
    assert list(report["per_class"]) == ["left", "right"]
    np.testing.assert_array_equal(fitted.predict(features.validation), features.validation_labels)


@pytest.mark.parametrize("probe", [linear_probe, knn_probe])
def test_a_probe_sees_no_row_but_those_given(features, probe):
    rows = np.arange(8)
    others = np.arange(8, 40)
    spoilt = features.train.copy()
    spoilt[others] = np.random.default_rng(0).normal(size=(32, 2)) * 1000
    other = dataclasses.replace(features, train=spoilt)
    assert probe(features, rows)[1] == probe(other, rows)[1]


@pytest.mark.parametrize("probe", [linear_probe, knn_probe])
def test_test_pictures_have_no_part_in_the_choice(features, probe):
    fitted = probe(features, np.arange(40))[1]
    shuffled = np.random.default_rng(0).permutation(features.test_labels)
    other = probe(dataclasses.replace(features, test_labels=shuffled), np.arange(40))[1]
    assert fitted["validation_accuracy"] == other["validation_accuracy"]
    chosen = "regularisation" if probe is linear_probe else "k"
    assert fitted[chosen] == other[chosen]


def test_the_linear_probe_reports_its_penalty(features):
    report = linear_probe(features, np.arange(40))[1]
    assert report["regularisation"] > 0
    assert report["converged"] is True


def test_the_knn_probe_reports_k_and_temperature(features):
    report = knn_probe(features, np.arange(10))[1]
    assert 1 <= report["k"] <= 10
    assert report["temperature"] > 0


def test_the_knn_probe_takes_the_k_and_temperature_that_are_asked_for(features):
    report = knn_probe(features, np.arange(10), k=3, temperature=0.5)[1]
    assert (report["k"], report["temperature"]) == (3, 0.5)


def test_features_are_those_of_the_labelled_pictures(splits, mean_colour):
    features = split_features(mean_colour, splits)
    labelled = splits.train.images[:24]
    np.testing.assert_allclose(features.train, labelled.mean(axis=(1, 2)), rtol=1e-5)
    assert features.train_labels.tolist() == [0, 1, 2] * 8
    assert features.validation.shape == (12, 3)
    assert features.test_labels.tolist() == [0, 1, 2] * 4
    assert features.class_names == ("red", "green", "blue")
    assert features.seconds > 0


def test_features_of_a_split_without_labels_are_refused(without_labels, mean_colour):
    with pytest.raises(ValueError, match="The validation split of colours has no labelled"):
        split_features(mean_colour, without_labels("validation"))
