import dataclasses
import json

import keras
import numpy as np
import pytest

from simclr_tf.encoders import load_encoder
from simclr_tf.protocols import (
    FineTuningSettings,
    LabelCurveSettings,
    fine_tuning,
    format_label_curve,
    label_curve,
    label_efficiency,
    supervised,
)
from simclr_tf.protocols.embedding_report import embedding_report
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.label_curve_settings import DECIDED
from simclr_tf.protocols.labelled_splits import labelled_training
from simclr_tf.protocols.settings import SupervisedSettings
from simclr_tf.runs import RunFolder
from tests.protocols.conftest import small_encoder


@pytest.fixture(scope="module")
def settings(pretrain_settings):
    return LabelCurveSettings(
        pretrain=dataclasses.replace(pretrain_settings, tensorboard=False),
        fine_tune=FineTuningSettings(
            augment="crop-flip",
            batch_size=6,
            head_size=4,
            epochs=1,
            steps_per_epoch=1,
            probe_linearly=False,
        ),
        labels_per_class=(1, 3),
        contestants=("simclr_supcon", "simclr_frozen", "baseline"),
        baseline=SupervisedSettings(augment="crop-flip", batch_size=6, pictures=12),
        measure="knn_accuracy",
        seeds=(0, 1),
    )


@pytest.fixture(scope="module")
def drawn(tmp_path_factory, splits, settings):
    """A curve that was stopped in its third fine-tuning and resumed: folder, curve, trainings."""
    run_dir = tmp_path_factory.mktemp("curve") / "run"
    trainings = []
    fine_tune = label_efficiency.fine_tune

    def watched(encoder, given, chosen, budget, part):
        trainings.append((chosen, budget.labels_per_class))
        if len(trainings) == 3:
            raise KeyboardInterrupt
        return fine_tune(encoder, given, chosen, budget, part)

    def pretrained(given, chosen, part):
        keras.utils.set_random_seed(chosen.seed)
        small_encoder().save(part.path / "encoder.keras")
        part.append_metrics({"epoch": 1, "epoch_seconds": 1.0})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(label_efficiency, "fine_tune", watched)
        patch.setattr(label_efficiency, "pretrain", pretrained)
        # As in `without_figures`, for a module.
        patch.setattr(fine_tuning, "_draw", lambda metrics, run: None)
        patch.setattr(supervised, "build_settings_encoder", small_encoder)
        with pytest.raises(KeyboardInterrupt), RunFolder.create(run_dir, {}) as run:
            label_curve(splits, settings, run)
        with RunFolder.resume(run_dir) as run:
            return run.path, label_curve(splits, settings, run), trainings


def test_the_curve_is_written_and_drawn(drawn):
    folder, curve, _ = drawn
    assert json.loads((folder / "label_curve.json").read_text()) == json.loads(json.dumps(curve))
    assert (folder / "label_curve.png").is_file()


def test_every_contestant_has_a_value_for_every_seed_at_every_point(drawn):
    points = drawn[1]["curve"]
    # 3 classes: 3 and 9 labels.
    assert [(p["labels_per_class"], p["labels"]) for p in points] == [(1, 3), (3, 9)]
    for point in points:
        assert list(point["contestants"]) == ["simclr_supcon", "simclr_frozen", "baseline"]
        for figures in point["contestants"].values():
            assert len(figures["seeds"]) == 2
            assert figures["mean"] == pytest.approx(np.mean(figures["seeds"]))
            assert figures["std"] == pytest.approx(np.std(figures["seeds"], ddof=1))
        frozen, *trained = (
            point["contestants"][name] for name in ("simclr_frozen", "simclr_supcon", "baseline")
        )
        assert frozen["seconds"] == 0 and all(figures["seconds"] > 0 for figures in trained)


def test_finished_trainings_are_not_repeated_after_a_stop(drawn):
    # 2 seeds × 2 points, and the one that was stopped a second time.
    assert len(drawn[2]) == 2 * 2 + 1


def test_fine_tunings_start_from_the_pretraining_of_their_seed(drawn):
    for chosen, _ in drawn[2]:
        assert chosen.objective == "supcon" and f"seed_{chosen.seed}" in chosen.encoder_dir
        assert chosen.encoder == "resnet10" and chosen.batch_size == 6


def test_the_baseline_is_trained_from_scratch_with_settings_of_its_own(drawn):
    folder = drawn[0] / "seed_1/baseline_3_per_class"
    (found,) = [json.loads(path.read_text()) for path in folder.rglob("config.json")]
    assert (found["pictures"], found["seed"]) == (12, 1)
    assert "encoder_dir" not in found


def test_the_pretrained_encoder_is_measured_as_it_is(drawn, splits):
    folder, curve, _ = drawn
    encoder = load_encoder(folder / "seed_0/pretrain")
    labelled = labelled_training(splits, LabelBudget(3), 0)
    expected = embedding_report(encoder, labelled, False)["knn_accuracy"]
    assert curve["curve"][1]["contestants"]["simclr_frozen"]["seeds"][0] == expected


def test_the_table_names_every_contestant_and_point(drawn):
    table = format_label_curve(drawn[1])
    assert "colours: knn accuracy on test in %" in table
    for name in ("simclr supcon", "simclr frozen", "baseline"):
        assert name in table


def test_layers_of_the_head_are_kept_where_asked(settings):
    settings = dataclasses.replace(settings, from_head_layer=1)
    assert settings.training("simclr_supcon", 0, "folder").from_head_layer == 1


def test_what_the_curve_decides_is_a_setting_of_the_fine_tuning():
    assert set(DECIDED) <= {field.name for field in dataclasses.fields(FineTuningSettings)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels_per_class": ()}, "`number of labels_per_class` must be at least 1"),
        ({"labels_per_class": (0,)}, "`labels_per_class` must be at least 1. Received: .*=0"),
        ({"labels_per_class": (5, 5)}, "`labels_per_class` must differ"),
        ({"contestants": ("triplet",)}, "`contestants` must be one of: simclr_supcon"),
        ({"seeds": (1, 1)}, "`seeds` must differ. Received: seeds=.1, 1."),
        ({"measure": "f1"}, "`measure` must be one of: linear_probe_accuracy"),
        ({"from_head_layer": 9}, "`from_head_layer` must be between 0 and 2"),
    ],
)
def test_settings_that_are_not_accepted_are_named(settings, changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(settings, **changes)
