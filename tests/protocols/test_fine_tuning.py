import dataclasses
import json

import keras
import numpy as np
import pytest

from simclr_tf.augment import RandomErasing
from simclr_tf.encoders import build_encoder, load_encoder
from simclr_tf.evaluation import extract_features
from simclr_tf.metrics import evaluate_retrieval
from simclr_tf.protocols import FineTuningSettings, fine_tune, start_encoder
from simclr_tf.protocols.fine_tuning_model import build_head, build_model
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.runs import RunFolder
from simclr_tf.training import Classifier, SiameseTriplet, SupConFineTuner
from tests.protocols.conftest import small_encoder

# Not those of what a whole module shares.
pytestmark = pytest.mark.usefixtures("without_figures")

SETTINGS = FineTuningSettings(
    augment="crop-flip",
    batch_size=12,
    head_size=4,
    epochs=2,
    steps_per_epoch=2,
    learning_rate=0.01,
    probe_linearly=False,
)
ALL = LabelBudget()


def settings_with(**changes):
    return dataclasses.replace(SETTINGS, **changes)


def new_encoder():
    keras.utils.set_random_seed(0)
    return small_encoder()


@pytest.fixture
def run(tmp_path):
    with RunFolder.create(tmp_path / "run", {}) as run:
        yield run


@pytest.fixture(scope="module")
def fine_tuned(tmp_path_factory, splits):
    """Run, encoder and metrics of one fine-tuning with the linear probe."""
    encoder = new_encoder()
    with RunFolder.create(tmp_path_factory.mktemp("fine_tuned"), {}) as run:
        settings = settings_with(probe_linearly=True)
        return run, encoder, fine_tune(encoder, splits, settings, LabelBudget(4), run)


def test_everything_is_written(fine_tuned):
    run, _, metrics = fine_tuned
    names = ("plan", "before", "metrics")
    files = [f"{name}.json" for name in names]
    files += ["metrics.csv", "curves.png", "before_after.png", "encoder.keras", "head.keras"]
    assert [name for name in files if not (run.path / name).is_file()] == []
    assert json.loads((run.path / "metrics.json").read_text()) == metrics


def test_the_metrics_are_those_after_the_training_beside_those_before(fine_tuned):
    metrics = fine_tuned[2]
    assert metrics["labels"] == 12
    for part in (metrics, metrics["before"], metrics["after"]):
        for name in ("top_1", "top_3", "top_5", "map_at_r", "knn_accuracy"):
            assert 0 <= part[name] <= 1
        assert 0 <= part["linear_probe_accuracy"] <= 1
        assert set(part["per_class"]) == {"red", "green", "blue"}
        assert part["ci95"]["top_1"][0] <= part["top_1"] <= part["ci95"]["top_1"][1]
    assert metrics["top_1"] == metrics["after"]["top_1"]


def test_test_queries_search_the_labelled_training_pictures_alone(fine_tuned, splits):
    metrics = fine_tuned[2]
    encoder = new_encoder()
    labelled = splits.train.labelled()
    gallery = labelled.subset(LabelBudget(4).choose(labelled.labels, 0))
    expected = evaluate_retrieval(
        extract_features(encoder, splits.test.images),
        splits.test.labels,
        extract_features(encoder, gallery.images),
        gallery.labels,
    ).micro()
    for name in ("top_1", "map_at_r"):
        assert metrics["before"][name] == pytest.approx(expected[name])


def test_the_saved_encoder_has_the_weights_of_the_best_validation(fine_tuned, splits):
    run, encoder, _ = fine_tuned
    saved = load_encoder(run.path)
    features = [extract_features(part, splits.validation.images) for part in (saved, encoder)]
    np.testing.assert_array_equal(*features)
    labelled = splits.train.labelled()
    gallery = labelled.subset(LabelBudget(4).choose(labelled.labels, 0))
    top_1 = evaluate_retrieval(
        features[0],
        splits.validation.labels,
        extract_features(saved, gallery.images),
        gallery.labels,
    ).micro()["top_1"]
    measured = [float(row["val_top_1"]) for row in run.read_metrics()]
    assert top_1 == pytest.approx(max(measured))


@pytest.mark.parametrize(
    ("objective", "model_class", "weight"),
    [
        ("supcon", SupConFineTuner, 0.0),
        ("supcon+cross_entropy", SupConFineTuner, 0.3),
        ("triplet", SiameseTriplet, 0.0),
        ("triplet+cross_entropy", SiameseTriplet, 0.3),
        ("cross_entropy", Classifier, None),
    ],
)
def test_every_objective_has_its_model(splits, objective, model_class, weight):
    settings = settings_with(
        objective=objective,
        cross_entropy_weight=0.3,
        temperature=0.7,
        margin=0.4,
        mining="hard",
        distance="cosine",
        soft_margin=True,
        label_smoothing=0.2,
        seed=5,
    )
    encoder = small_encoder()
    model = build_model(encoder, build_head(encoder, settings), splits, settings)
    assert type(model) is model_class
    if weight is not None:
        assert model.cross_entropy_weight == weight
    expected = {
        SupConFineTuner: {"temperature": 0.7},
        SiameseTriplet: {
            "margin": 0.4,
            "mining": "hard",
            "distance": "cosine",
            "soft": True,
            "seed": 5,
        },
        Classifier: {"label_smoothing": 0.2, "num_classes": 3},
    }[model_class]
    assert {name: getattr(model, name) for name in expected} == expected


@pytest.mark.parametrize(("erasing", "kinds"), [(0.0, []), (0.5, [RandomErasing])])
def test_without_augmentation_the_pictures_stay_as_they_are(splits, erasing, kinds):
    settings = settings_with(objective="triplet", augment="none", random_erasing=erasing)
    encoder = small_encoder()
    augmenter = build_model(encoder, build_head(encoder, settings), splits, settings).augmenter
    assert [type(layer) for layer in augmenter.layers] == kinds
    if not kinds:
        pictures = splits.train.images[:4]
        np.testing.assert_array_equal(augmenter(pictures, training=True), pictures)


@pytest.mark.parametrize("objective", ["triplet", "triplet+cross_entropy", "cross_entropy"])
def test_the_other_objectives_train_to_their_end(splits, run, objective):
    metrics = fine_tune(new_encoder(), splits, settings_with(objective=objective), ALL, run)
    losses = [float(row["loss"]) for row in run.read_metrics()]
    assert len(losses) == 2 and np.isfinite(losses).all()
    assert (metrics["objective"], metrics["labels"]) == (objective, 24)
    assert (run.path / "classifier.keras").is_file() is ("cross_entropy" in objective)


@pytest.mark.parametrize("objective", ["supcon+cross_entropy", "cross_entropy"])
def test_the_classifier_is_saved_with_its_classes_and_tested(splits, run, objective):
    settings = settings_with(objective=objective, learning_rate=0.05)
    metrics = fine_tune(new_encoder(), splits, settings, ALL, run)
    classifier = keras.models.load_model(run.path / "classifier.keras", compile=False)
    assert classifier.class_names == ("red", "green", "blue")
    # It stands on the saved encoder, and its layer is of the same epoch as that.
    encoder = load_encoder(run.path)
    for saved, read in zip(encoder.weights, classifier.encoder.weights, strict=True):
        np.testing.assert_array_equal(saved, read)
    newest = max(run.checkpoint_path.glob("step_*.npz"))
    with np.load(newest) as checkpoint:
        best = [checkpoint[name] for name in checkpoint.files if "best_weights" in name]
    assert any(np.array_equal(classifier.head.kernel, weight) for weight in best)
    predicted = extract_features(classifier, splits.test.images).argmax(axis=1)
    accuracy = np.mean(predicted == splits.test.labels)
    assert metrics["classification"]["accuracy"] == pytest.approx(accuracy)
    assert metrics["after"]["classifier_accuracy"] == pytest.approx(accuracy)
    assert set(metrics["classification"]["per_class"]) == {"red", "green", "blue"}
    assert "classifier_accuracy" not in metrics["before"]


def test_what_is_frozen_stays_as_it_is(splits, run):
    encoder = build_encoder("resnet10", image_size=8, width=0.125)
    start = {layer.name: layer.get_weights() for layer in encoder.layers}
    fine_tune(encoder, splits, settings_with(unfreeze="last_stage"), ALL, run)
    changed = {
        layer.name
        for layer in encoder.layers
        if not all(map(np.array_equal, start[layer.name], layer.get_weights()))
    }
    assert changed and all(name.startswith("layer4_") for name in changed)
    # And the file can be trained on as a whole.
    assert all(layer.trainable for layer in load_encoder(run.path).layers)


def test_a_kept_head_gives_the_embedding_and_may_be_trained_alone(splits, run):
    encoder = new_encoder()
    start = encoder.get_weights()
    fine_tune(encoder, splits, settings_with(unfreeze="head", keep_head=True), ALL, run)
    for old, new in zip(start, encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert load_encoder(run.path).output_shape == (None, 4)
    assert not (run.path / "head.keras").exists()


def test_the_saved_encoder_lies_between_the_start_and_the_trained_weights(splits, tmp_path):
    def trained(share):
        encoder = new_encoder()
        # One epoch, which is the best in any case.
        settings = settings_with(start_weight=share, objective="cross_entropy", epochs=1)
        with RunFolder.create(tmp_path / str(share), {}) as run:
            metrics = fine_tune(encoder, splits, settings, ALL, run)
            classifier = keras.saving.load_model(run.path / "classifier.keras")
        return metrics, encoder.get_weights(), classifier.encoder.get_weights()

    (plain, tuned, _), (mixed, between, of_classifier) = trained(0.0), trained(0.75)
    for start, end, mixture, own in zip(
        new_encoder().get_weights(), tuned, between, of_classifier, strict=True
    ):
        np.testing.assert_allclose(mixture, 0.75 * start + 0.25 * end, rtol=1e-5)
        np.testing.assert_array_equal(own, end)
    assert mixed["classification"] == plain["classification"]


def test_a_run_that_was_stopped_ends_as_one_that_was_not(splits, tmp_path):
    settings = settings_with(
        objective="triplet", mining="random", checkpoint_every_steps=1, start_weight=0.3
    )

    def finish(run):
        encoder = new_encoder()
        metrics = fine_tune(encoder, splits, settings, ALL, run)
        return metrics, encoder.get_weights(), [row["val_top_1"] for row in run.read_metrics()]

    with RunFolder.create(tmp_path / "whole", {}) as run:
        whole = finish(run)
    with RunFolder.create(tmp_path / "stopped", {}) as run:
        fine_tune(new_encoder(), splits, settings, ALL, run)
        # As if it had been killed after the third of four steps.
        newest = sorted(run.checkpoint_path.glob("step_*.npz"))
        # The last two, and that of the best epoch where it is another.
        assert [path.name for path in newest][-2:] == ["step_000000003.npz", "step_000000004.npz"]
        newest[-1].unlink()
        resumed = finish(run)
    assert resumed[0] == whole[0] and resumed[2] == whole[2]
    for a, b in zip(resumed[1], whole[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_encoder_starts_from_a_run_folder(fine_tuned, splits):
    settings = settings_with(encoder_dir=str(fine_tuned[0].path))
    pictures = splits.test.images
    np.testing.assert_array_equal(
        extract_features(start_encoder(settings, 8), pictures),
        extract_features(fine_tuned[1], pictures),
    )


def test_the_encoder_starts_from_a_weights_file_and_keeps_its_own_name(tmp_path):
    built = build_encoder("resnet10", image_size=8, width=0.125)
    built.save(tmp_path / "other.keras")
    settings = settings_with(width=0.125, weights=str(tmp_path / "other.keras"))
    for a, b in zip(start_encoder(settings, 8).get_weights(), built.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_encoder_starts_with_the_weights_of_a_run_folder(tmp_path):
    built = build_encoder("resnet10", image_size=8, width=0.125)
    (tmp_path / "run/version_3").mkdir(parents=True)
    built.save(tmp_path / "run/version_3/encoder.keras")
    settings = settings_with(width=0.125, weights=str(tmp_path / "run"))
    for a, b in zip(start_encoder(settings, 8).get_weights(), built.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_of_another_architecture_are_refused_by_the_first_layer_that_differs(tmp_path):
    build_encoder("resnet10", image_size=8, width=0.125).save(tmp_path / "other.keras")
    settings = settings_with(width=0.25, weights=str(tmp_path / "other.keras"))
    with pytest.raises(ValueError, match=r"first layer that differs is 'conv1' with the shapes .3"):
        start_encoder(settings, 8)


def test_missing_labels_are_refused(without_labels, run):
    with pytest.raises(ValueError, match="The train split of colours has no labelled pictures"):
        fine_tune(new_encoder(), without_labels("train"), SETTINGS, ALL, run)


def test_triplets_of_singletons_are_refused(splits, run):
    with pytest.raises(ValueError, match="`objective` may be triplet only where some class"):
        fine_tune(new_encoder(), splits, settings_with(objective="triplet"), LabelBudget(1), run)


def test_one_label_of_each_class_is_enough_for_supcon(splits, run):
    metrics = fine_tune(new_encoder(), splits, SETTINGS, LabelBudget(1), run)
    assert metrics["labels"] == 3 and np.isfinite(metrics["top_1"])
