"""Fine-tuning in stages, with layer-wise rates, averaged weights, patience and mixed labels."""

import dataclasses
import json
import signal

import keras
import numpy as np
import pytest

from simclr_tf.augment import CutMix, MixUp, RandomErasing
from simclr_tf.encoders import load_encoder
from simclr_tf.evaluation import extract_features
from simclr_tf.metrics import evaluate_retrieval
from simclr_tf.optimizers import ScaledUpdates
from simclr_tf.protocols import FineTuningSettings, fine_tune, start_encoder
from simclr_tf.protocols.batch_shape import batch_shape
from simclr_tf.protocols.fine_tuning_model import build_head, build_model
from simclr_tf.protocols.fine_tuning_stages import check_stages, training_stages
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.runs import RunFolder
from simclr_tf.training import TrainingPlan, loop
from simclr_tf.training.progress_bar import ProgressBar
from tests.protocols.conftest import small_encoder

pytestmark = pytest.mark.usefixtures("without_figures")

SETTINGS = FineTuningSettings(
    objective="cross_entropy",
    augment="crop-flip",
    batch_size=12,
    head_size=4,
    epochs=3,
    steps_per_epoch=2,
    learning_rate=0.01,
    probe_linearly=False,
)
STAGED = dataclasses.replace(SETTINGS, unfreeze="head:1,last_stage:1,all")
ALL = LabelBudget()


def resnet():
    """Mean colours and dense layers named as the stages of a ResNet: quick to trace."""
    keras.utils.set_random_seed(0)
    pictures = keras.Input((None, None, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(pictures))
    x = keras.layers.Dense(8, name="conv1")(x)
    x = keras.layers.Dense(8, activation="relu", name="layer1_0_conv1")(x)
    x = keras.layers.BatchNormalization(name="layer1_0_bn1")(x)
    x = keras.layers.Dense(8, activation="relu", name="layer4_0_conv1")(x)
    return keras.Model(pictures, x, name="resnet10")


@pytest.fixture
def run(tmp_path):
    with RunFolder.create(tmp_path / "run", {}) as run:
        yield run


def begun_stages(splits, settings):
    """Model, encoder and stages of a fine-tuning."""
    encoder = resnet()
    model = build_model(encoder, build_head(encoder, settings), splits, settings)
    plan = TrainingPlan(steps_per_epoch=10, epochs=settings.epochs, batch_size=12)
    return model, encoder, training_stages(model, encoder, settings, plan)


def test_every_stage_trains_more_than_the_one_before(splits):
    model, encoder, stages = begun_stages(splits, STAGED)
    trained = []
    for stage in stages:
        stage.begin()
        trained.append({variable.path for variable in model.trainable_variables})
    assert [stage.epochs for stage in stages] == [1, 1, 1]
    head = {variable.path for variable in model.head.variables}
    assert trained[0] == head
    assert head < trained[1] < trained[2]
    assert {path.split("_")[0] for path in trained[1] - head} == {"layer4"}
    assert "conv1/kernel" in trained[2]


def test_every_stage_has_its_own_warm_up_and_cosine(splits):
    settings = dataclasses.replace(STAGED, unfreeze="head:1,all", warmup_fraction=0.1)
    model, _, stages = begun_stages(splits, settings)
    # Ten steps and twenty: a tenth of each is one and two steps of warm-up.
    for stage, warmup in zip(stages, (1, 2), strict=True):
        stage.begin()
        schedule = model.optimizer.learning_rate
        assert float(schedule) == pytest.approx(0.01 / warmup)


def test_optimizers_of_all_stages_have_the_same_variables(splits):
    model, _, stages = begun_stages(splits, STAGED)
    shapes = []
    for stage in stages:
        stage.begin()
        shapes.append([tuple(variable.shape) for variable in model.optimizer.variables])
    assert shapes[0] == shapes[1] == shapes[2]


def test_batch_norm_stays_frozen_in_every_stage(splits):
    settings = dataclasses.replace(STAGED, freeze_batch_norm=True)
    model, _, stages = begun_stages(splits, settings)
    stages[-1].begin()
    assert not any("bn" in variable.path for variable in model.trainable_variables)


def test_the_layer_decay_reaches_the_optimizer(splits):
    model, encoder, (stage,) = begun_stages(splits, dataclasses.replace(SETTINGS, layer_decay=0.5))
    stage.begin()
    assert isinstance(model.optimizer, ScaledUpdates)
    paths = [variable.path for variable in model.trainable_variables]
    factors = dict(zip(paths, model.optimizer.factors, strict=True))
    # The stem below two blocks: .5^3; the classification layer learns at the full rate.
    assert factors["conv1/kernel"] == 0.5**3
    assert factors["layer4_0_conv1/kernel"] == 0.5
    assert factors[model.head.kernel.path] == 1.0


def test_what_does_not_fit_the_network_is_refused_early():
    unknown = small_encoder()
    with pytest.raises(ValueError, match="last_stage for these networks only"):
        check_stages(unknown, STAGED)
    with pytest.raises(ValueError, match="`layer_decay` must be 1 for a network"):
        check_stages(unknown, dataclasses.replace(SETTINGS, layer_decay=0.9))
    check_stages(resnet(), dataclasses.replace(STAGED, layer_decay=0.9))


def finish(run, splits, settings):
    """Trains to the end; returns all that a stop could change."""
    encoder = resnet()
    metrics = fine_tune(encoder, splits, settings, ALL, run)
    return metrics, encoder.get_weights(), [row["val_top_1"] for row in run.read_metrics()]


def stop_within(step, run, splits, settings):
    """Trains on until Ctrl-C comes within this step from here."""

    class Interrupting(ProgressBar):
        steps = 0

        def on_train_batch_begin(self, batch, logs=None):
            self.steps += 1
            if self.steps == step:
                signal.raise_signal(signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(loop, "ProgressBar", Interrupting)
        finish(run, splits, settings)


@pytest.mark.parametrize(
    "arguments",
    [
        {"layer_decay": 0.8, "weight_averaging": 0.9, "label_mixer": "cut_mix"},
        {"objective": "supcon", "optimizer": "lars", "random_erasing": 0.3},
    ],
)
def test_a_run_stopped_in_every_stage_ends_as_one_that_was_not(splits, tmp_path, arguments):
    settings = dataclasses.replace(STAGED, **arguments)
    with RunFolder.create(tmp_path / "whole", {}) as run:
        whole = finish(run, splits, settings)
    with RunFolder.create(tmp_path / "stopped", {}) as run:
        # Two steps a stage: after the steps 1, 2, 3 and 5, that is within the first stage, at
        # its end, within the second and in the last.
        for more in (1, 1, 1, 2):
            stop_within(more, run, splits, settings)
        resumed = finish(run, splits, settings)
    assert resumed[0] == whole[0] and resumed[2] == whole[2]
    for a, b in zip(resumed[1], whole[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_averaged_weights_are_measured_and_saved(splits, run):
    settings = dataclasses.replace(SETTINGS, weight_averaging=0.9, learning_rate=0.05)
    metrics = fine_tune(resnet(), splits, settings, ALL, run)
    saved = load_encoder(run.path)
    gallery = splits.train.labelled()

    def top_1(queries):
        features = [extract_features(saved, part.images) for part in (queries, gallery)]
        report = evaluate_retrieval(features[0], queries.labels, features[1], gallery.labels)
        return report.micro()["top_1"]

    measured = [float(row["val_top_1"]) for row in run.read_metrics()]
    assert top_1(splits.validation) == pytest.approx(max(measured))
    assert top_1(splits.test) == pytest.approx(metrics["top_1"])
    plan = json.loads((run.path / "plan.json").read_text())
    assert plan["weight_averaging"] == 0.9


def test_patience_ends_the_training(splits, run):
    # A rate so small that no epoch is better than the first.
    settings = dataclasses.replace(SETTINGS, epochs=6, patience=2, learning_rate=1e-12)
    fine_tune(resnet(), splits, settings, ALL, run)
    assert len(run.read_metrics()) == 3


@pytest.mark.parametrize(
    ("name", "alpha", "mixer", "expected"),
    [("mix_up", 0.0, MixUp, 0.2), ("cut_mix", 0.0, CutMix, 1.0), ("mix_up", 0.7, MixUp, 0.7)],
)
def test_the_label_mixer_reaches_the_classifier(splits, name, alpha, mixer, expected):
    settings = dataclasses.replace(
        SETTINGS, label_mixer=name, label_mixer_alpha=alpha, random_erasing=0.4, seed=3
    )
    model = build_model(small_encoder(), None, splits, settings)
    assert type(model.label_mixer) is mixer
    assert (model.label_mixer.alpha, model.label_mixer.seed) == (expected, 3)
    assert isinstance(model.augmenter.layers[-1], RandomErasing)
    assert model.augmenter.layers[-1].probability == 0.4


def test_class_balanced_batches_have_all_classes_equally_often(splits):
    labelled = splits.train.labelled()
    # 8, 1 and 1 of the three classes.
    rows = [row for row in range(len(labelled)) if labelled.labels[row] == 0]
    rows += [1, 2]
    settings = dataclasses.replace(SETTINGS, class_balanced=True)
    shape = batch_shape(labelled.subset(np.array(rows)), settings)
    batches = shape.batches(labelled.subset(np.array(rows)), settings, 0, 30)
    counts = np.bincount(np.concatenate([labels for _, labels in batches]), minlength=3)
    assert counts.min() >= 0.9 * counts.max()


def test_without_a_head_supcon_compares_the_features(splits, run):
    settings = dataclasses.replace(SETTINGS, objective="supcon", head_depth=0, epochs=1)
    metrics = fine_tune(small_encoder(), splits, settings, ALL, run)
    assert np.isfinite(float(run.read_metrics()[0]["loss"])) and metrics["labels"] == 24
    assert not (run.path / "head.keras").exists()


def test_the_saved_head_belongs_to_the_saved_encoder(splits, run):
    settings = dataclasses.replace(SETTINGS, objective="supcon", learning_rate=0.05)
    encoder = resnet()
    fine_tune(encoder, splits, settings, ALL, run)
    head = keras.models.load_model(run.path / "head.keras", compile=False)
    newest = max(run.checkpoint_path.glob("step_*.npz"))
    with np.load(newest) as checkpoint:
        names = sorted(name for name in checkpoint.files if "best_weights" in name)
        best = [checkpoint[name] for name in names]
    for a, b in zip(best, [*encoder.get_weights(), *head.get_weights()], strict=True):
        np.testing.assert_array_equal(a, b)


def test_fine_tuning_starts_in_the_middle_of_the_projection_head(splits, pretrained, run):
    settings = dataclasses.replace(
        SETTINGS, encoder_dir=str(pretrained[0].path), from_head_layer=1, layer_decay=0.9
    )
    encoder = start_encoder(settings, 8)
    head = keras.models.load_model(pretrained[0].path / "projection_head.keras", compile=False)
    features = pretrained[1](splits.test.images, training=False)
    for name in ("dense1", "bn1", "relu1"):
        features = head.get_layer(name)(features)
    np.testing.assert_allclose(
        extract_features(encoder, splits.test.images), features, rtol=1e-4, atol=1e-5
    )
    metrics = fine_tune(encoder, splits, settings, ALL, run)
    assert np.isfinite(metrics["top_1"])
    assert load_encoder(run.path).output_shape == encoder.output_shape
