import json

import numpy as np
import pytest

from simclr_tf.encoders import encoder_fingerprint
from simclr_tf.evaluation import extract_features, fit_linear_probe, write_probe
from simclr_tf.export import read_classifier_head
from simclr_tf.training import Classifier
from tests.export.conftest import pictures, small_encoder

LABELS = np.array([3, 1, 3, 1, 0, 0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory, encoder):
    """An encoder with its probe, and a classifier with the same encoder and its report."""
    folder = tmp_path_factory.mktemp("run")
    encoder.save(folder / "encoder.keras")
    features = extract_features(encoder, pictures(6))
    probe = fit_linear_probe(features, LABELS, features, LABELS, regularisations=[1.0])
    fingerprint = encoder_fingerprint(folder)
    write_probe(folder / "linear_probe.npz", probe, ("a", "b", "c", "d"), fingerprint)
    classifier = Classifier(encoder, num_classes=3)
    classifier.build((None, 16, 16, 3))
    generator = np.random.default_rng(0)
    classifier.head.set_weights([generator.normal(size=w.shape) for w in classifier.head.weights])
    classifier.save(folder / "classifier.keras")
    (folder / "report.json").write_text(json.dumps({"per_class": {"x": 1.0, "y": 0.5, "z": 0.0}}))
    return folder, probe, classifier


def test_a_probe_gives_its_own_probabilities_and_the_names_of_its_classes(folder, encoder):
    path, probe, _ = folder
    head = read_classifier_head(path / "linear_probe.npz", encoder, path)
    # The probe saw the labels 0, 1 and 3.
    assert head.label_names == ("a", "b", "d")
    features = extract_features(encoder, pictures(5, seed=2))
    found = head.probabilities(features)
    np.testing.assert_allclose(found, probe.probabilities(features), atol=1e-5)


def test_a_classifier_gives_the_softmax_of_its_logits(folder, encoder):
    path, _, classifier = folder
    head = read_classifier_head(path / "classifier.keras", encoder, path)
    assert head.label_names == ("x", "y", "z")
    images = pictures(5, seed=2)
    logits = classifier(images).numpy()
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = head.probabilities(extract_features(encoder, images))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_names_that_are_given_go_before_those_of_the_report(folder, encoder):
    path = folder[0]
    head = read_classifier_head(path / "classifier.keras", encoder, path, ["p", "q", "r"])
    assert head.label_names == ("p", "q", "r")
    with pytest.raises(ValueError, match="`label_names` must name the 3 classes.*Received: 1"):
        read_classifier_head(path / "classifier.keras", encoder, path, ["p"])


def test_a_probe_of_another_encoder_is_refused(folder, tmp_path):
    other = small_encoder("bfloat16")
    other.save(tmp_path / "encoder.keras")
    with pytest.raises(ValueError, match="`classifier` must be a probe of this encoder"):
        read_classifier_head(folder[0] / "linear_probe.npz", other, tmp_path)


def test_a_classifier_with_another_encoder_is_refused(folder):
    other = small_encoder()
    other.weights[0].assign(other.weights[0] + 1)
    with pytest.raises(ValueError, match="must be a classifier.keras trained with this encoder"):
        read_classifier_head(folder[0] / "classifier.keras", other, folder[0])
    with pytest.raises(ValueError, match="must be a classifier.keras trained with this encoder"):
        read_classifier_head(folder[0] / "encoder.keras", other, folder[0])


@pytest.mark.parametrize("name", ["broken.keras", "broken.npz", "missing.npz", "missing.keras"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, encoder, name):
    if name.startswith("broken"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ValueError, match=f"must be .* file.*{name}"):
        read_classifier_head(tmp_path / name, encoder, tmp_path)
