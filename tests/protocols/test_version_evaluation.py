import dataclasses
import json

import keras
import numpy as np
import pytest

from simclr_tf.encoders import load_encoder
from simclr_tf.evaluation import extract_features
from simclr_tf.protocols import EvaluationSettings, LabelBudget, evaluate_version
from simclr_tf.protocols.embedding_report import embedding_report
from simclr_tf.protocols.labelled_splits import labelled_training
from simclr_tf.protocols.probes import split_features
from simclr_tf.protocols.version_evaluation import (
    draw_similar,
    format_evaluation,
    similar_pictures,
)
from simclr_tf.runs import RunFolder
from simclr_tf.training import Classifier
from tests.protocols.conftest import small_encoder

STORED = {"top_1": 0.25, "knn_accuracy": 0.5, "per_class": {}}


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    """A version with an encoder, 4 labels of each class, and stored figures."""
    keras.utils.set_random_seed(0)
    config = {"labels_per_class": 4, "label_fraction": None, "seed": 3}
    with RunFolder.create(tmp_path_factory.mktemp("run"), config) as run:
        small_encoder().save(run.path / "encoder.keras")
        run.write_json("metrics.json", {**STORED, "before": STORED, "after": STORED})
        return run.path


@pytest.fixture(scope="module")
def evaluated(version, splits, tmp_path_factory):
    """Metrics of the version, and the folder they are in."""
    output = tmp_path_factory.mktemp("evaluated") / "new"
    return evaluate_version(version, splits, output, EvaluationSettings(5, query_seed=1)), output


def gallery_of(splits):
    return labelled_training(splits, LabelBudget(labels_per_class=4), seed=3)


def test_the_figures_are_those_of_the_saved_encoder_with_the_labels_of_the_run(
    evaluated, version, splits
):
    expected = embedding_report(load_encoder(version), gallery_of(splits), probe_linearly=False)
    assert {name: evaluated[0][name] for name in expected} == expected
    assert evaluated[0]["labels"] == 12  # 3 classes of 4
    assert "linear_probe_accuracy" not in evaluated[0]


def test_what_was_stored_stands_beside_it(evaluated):
    assert (evaluated[0]["before"], evaluated[0]["after"]) == (STORED, STORED)


def test_everything_is_written(evaluated):
    metrics, output = evaluated
    assert sorted(path.name for path in output.iterdir()) == ["metrics.json", "similar.png"]
    assert json.loads((output / "metrics.json").read_text()) == metrics
    assert (output / "similar.png").read_bytes()[:4] == b"\x89PNG"


def test_the_neighbours_are_the_nearest_gallery_pictures(evaluated, version, splits):
    metrics = evaluated[0]
    encoder, gallery = load_encoder(version), gallery_of(splits).train
    query = splits.test.ids.index(metrics["query"])
    h, g = (extract_features(encoder, part.images) for part in (splits.test, gallery))
    cosines = (g @ h[query]) / np.linalg.norm(g, axis=1) / np.linalg.norm(h[query])
    order = np.argsort(-cosines)[:5]
    assert [picture["picture"] for picture in metrics["similar"]] == [
        gallery.ids[row] for row in order
    ]
    scores = [picture["score"] for picture in metrics["similar"]]
    np.testing.assert_allclose(scores, cosines[order], rtol=1e-5)
    label = splits.test.labels[query]
    assert metrics["query_class"] == splits.test.class_names[label]
    for picture, row in zip(metrics["similar"], order, strict=True):
        assert picture["class"] == gallery.class_names[gallery.labels[row]]
        assert picture["correct"] is bool(gallery.labels[row] == label)


def test_the_seed_draws_the_test_picture(version, splits):
    features = split_features(load_encoder(version), gallery_of(splits))
    drawn = [
        similar_pictures(features, EvaluationSettings(1, query_seed=seed)).query
        for seed in (*range(20), 0)
    ]
    assert len(set(drawn)) > 3 and drawn[0] == drawn[-1]
    assert set(drawn) <= set(range(12))


def test_the_panel_shows_the_query_and_the_neighbours(version, splits):
    splits = gallery_of(splits)
    features = split_features(load_encoder(version), splits)
    similar = similar_pictures(features, EvaluationSettings(3))
    figure = draw_similar(similar, splits.test, splits.train).figure
    shown = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    assert len(shown) == 4
    assert np.array_equal(shown[0], splits.test.images[similar.query])
    for picture, row in zip(shown[1:], similar.rows, strict=True):
        assert np.array_equal(picture, splits.train.images[row])


def test_the_lines_hold_figures_and_neighbours(evaluated):
    text = format_evaluation(evaluated[0])
    assert "12 queries on test, 12 labelled pictures as gallery" in text
    assert text.splitlines()[1].split() == ["before", "after", "now"]
    top_1 = f"{100 * evaluated[0]['top_1']:.1f}"
    assert f"{'top 1':23}{25.0:8.1f}{25.0:8.1f}{top_1:>8}" in text
    # What was not stored has no figure.
    assert f"{'top 3':23}{'-':>8}{'-':>8}" in text
    assert all(picture["picture"] in text for picture in evaluated[0]["similar"])
    assert f"{evaluated[0]['query']} ({evaluated[0]['query_class']}) finds:" in text


def version_with_classifier(version, folder, classes, class_names=None):
    """A version with the encoder of another and a classifier on it; and that classifier."""
    with RunFolder.create(folder, {"seed": 0}) as run:
        encoder = load_encoder(version)
        model = Classifier(encoder, classes, class_names=class_names)
        model.build((None, 8, 8, 3))
        encoder.save(run.path / "encoder.keras")
        model.save(run.path / "classifier.keras")
    return run.path, model


@pytest.mark.parametrize("names", [("red", "green", "blue"), None])
def test_a_classifier_gets_its_report(version, splits, tmp_path, names):
    path, model = version_with_classifier(version, tmp_path / "run", 3, names)
    metrics = evaluate_version(path, splits, tmp_path / "out", EvaluationSettings(1))
    predicted = model.predict(splits.test.images, verbose=0).argmax(axis=1)
    report = metrics["classification"]
    assert report["accuracy"] == pytest.approx(np.mean(predicted == splits.test.labels))
    assert set(report["per_class"]) == {"red", "green", "blue"}
    assert metrics["classifier_accuracy"] == report["accuracy"]
    assert (tmp_path / "out/confusion_matrix.png").is_file()
    assert f"Classifier: accuracy {100 * report['accuracy']:.1f} %" in format_evaluation(metrics)
    # Without a budget in the config all labels count.
    assert metrics["labels"] == 24


@pytest.mark.parametrize(
    ("classes", "names", "message"),
    [
        (5, None, "tells 5 classes apart: .* Received: 3 classes"),
        (3, ["red", "lime", "blue"], "knows the class 'lime' where .* Received: 'green'"),
    ],
)
def test_a_classifier_of_other_classes_is_refused(
    version, splits, tmp_path, classes, names, message
):
    path, _ = version_with_classifier(version, tmp_path / "run", classes, names)
    with pytest.raises(ValueError, match=message):
        evaluate_version(path, splits, tmp_path / "out", EvaluationSettings(1))


def test_more_neighbours_than_gallery_pictures_are_refused(version, splits, tmp_path):
    message = "`num_show_similar` must be between 1 and 12. Received: num_show_similar=13"
    with pytest.raises(ValueError, match=message):
        evaluate_version(version, splits, tmp_path / "out", EvaluationSettings(13))
    assert not (tmp_path / "out").exists()


def test_a_version_without_an_encoder_is_refused(splits, tmp_path):
    RunFolder.create(tmp_path, {}).close()
    with pytest.raises(ValueError, match="with encoder.keras in it. .* which has none"):
        evaluate_version(tmp_path / "version_0", splits, tmp_path / "out")


def test_missing_labels_are_refused(version, without_labels, tmp_path):
    with pytest.raises(ValueError, match="The test split of colours has no labelled pictures"):
        evaluate_version(version, without_labels("test"), tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_show_similar": 0}, "`num_show_similar` must be between 1 and 100"),
        ({"num_show_similar": 101}, "`num_show_similar` must be between 1 and 100"),
        ({"query_seed": -1}, "`query_seed` must be at least 0"),
    ],
)
def test_settings_out_of_range_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(EvaluationSettings(), **changes)
