import dataclasses
import json

import keras
import numpy as np
import pytest

from simclr_tf.protocols import pretrain, pretraining
from simclr_tf.protocols.pretraining import build_settings_encoder, build_simclr
from simclr_tf.runs import RunFolder


@pytest.fixture
def run(tmp_path):
    with RunFolder.create(tmp_path / "run", {}) as run:
        yield run


@pytest.fixture
def planned(monkeypatch):
    """Plans and compiled models, and no training."""
    seen = []

    def train(model, kept, batches, plan, run, **named):
        seen.append((model, plan, named["validation"]))
        run.append_metrics({"epoch": 1, "loss": 1.0})
        return []

    monkeypatch.setattr(pretraining, "train", train)
    monkeypatch.setattr(pretraining, "save_model", lambda model, path: None)
    return seen


def quiet(settings, **changed):
    return dataclasses.replace(settings, tensorboard=False, **changed)


@pytest.mark.parametrize("name", ["metrics.csv", "plan.json", "views.png", "curves.png"])
def test_the_files_of_a_pretraining(pretrained, name):
    assert (pretrained[0].path / name).stat().st_size > 0


def test_the_encoder_is_that_of_the_last_epoch(pretrained, splits):
    run, encoder = pretrained
    saved = keras.models.load_model(run.path / "encoder.keras", compile=False)
    for value, expected in zip(saved.get_weights(), encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_the_best_encoder_and_the_head_are_saved(pretrained):
    run, encoder = pretrained
    best = keras.models.load_model(run.path / "best_encoder.keras", compile=False)
    head = keras.models.load_model(run.path / "projection_head.keras", compile=False)
    assert best.count_params() == encoder.count_params()
    assert head.output_shape == (None, 8)


def test_each_epoch_has_a_row_with_validation_and_the_online_probe(pretrained):
    rows = pretrained[0].read_metrics()
    assert [row["epoch"] for row in rows] == ["1", "2"]
    for name in ("loss", "val_loss", "probe_accuracy", "learning_rate", "images_per_second"):
        assert all(np.isfinite(float(row[name])) for row in rows)


def test_the_plan_is_written_down(pretrained):
    plan = json.loads((pretrained[0].path / "plan.json").read_text())
    # 28 pictures in batches of 8.
    assert (plan["epochs"], plan["steps_per_epoch"], plan["batch_size"]) == (2, 3, 8)
    assert plan["monitor"] == "val_loss"


def test_without_whole_validation_batches_the_training_loss_decides(
    splits, run, planned, pretrain_settings
):
    # 12 validation pictures are less than a batch of 14.
    pretrain(splits, quiet(pretrain_settings, batch_size=14), run)
    _, plan, validation = planned[0]
    assert validation is None
    assert plan.monitor == "loss"


def test_an_epoch_may_have_so_many_steps(splits, run, planned, pretrain_settings):
    pretrain(splits, quiet(pretrain_settings, steps_per_epoch=7), run)
    assert planned[0][1].steps_per_epoch == 7


def test_the_time_limit_sets_epochs_and_steps(splits, run, planned, monkeypatch, pretrain_settings):
    monkeypatch.setattr(pretraining, "epochs_within", lambda *arguments: (5, 2))
    pretrain(splits, quiet(pretrain_settings, max_minutes=1.0), run)
    plan = planned[0][1]
    assert (plan.epochs, plan.steps_per_epoch) == (5, 2)


@pytest.mark.parametrize("changed", [{"online_probe": False}, {"without_labels": True}])
def test_the_online_probe_needs_labels_and_may_be_left_out(
    splits, without_labels, pretrain_settings, changed
):
    pictures = without_labels("train") if changed.pop("without_labels", False) else splits
    model = build_simclr(pictures, quiet(pretrain_settings, **changed))
    assert model.online_probe is None


@pytest.mark.parametrize("asked, expected", [(0, None), (4, 4)])
def test_the_microbatch_size_is_as_asked_for(splits, pretrain_settings, asked, expected):
    settings = quiet(pretrain_settings, microbatch_size=asked)
    assert build_simclr(splits, settings).microbatch_size == expected


def test_the_head_is_as_asked_for(splits, pretrain_settings):
    settings = quiet(
        pretrain_settings, projection_depth=3, projection_width=6, projection_batch_norm=False
    )
    layers = build_simclr(splits, settings).projection_head.layers
    dense = [layer.units for layer in layers if isinstance(layer, keras.layers.Dense)]
    assert dense == [6, 6, 8]
    assert not any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers)


def test_the_learning_rate_is_scaled_and_warmed_up(splits, run, planned, pretrain_settings):
    settings = quiet(
        pretrain_settings,
        learning_rate=0.32,
        learning_rate_scaling="linear",
        steps_per_epoch=10,
        epochs=2,
        warmup_fraction=0.25,
    )
    pretrain(splits, settings, run)
    schedule = planned[0][0].optimizer._learning_rate
    # .32 · 8 / 256 = .01, reached after a quarter of 20 steps.
    assert float(schedule(0)) == pytest.approx(0.01 / 5)
    assert float(schedule(4)) == pytest.approx(0.01)
    assert float(schedule(20)) == pytest.approx(0.0, abs=1e-9)


def test_float16_scales_the_loss(splits, run, planned, pretrain_settings):
    pretrain(splits, quiet(pretrain_settings, mixed_precision="float16"), run)
    assert isinstance(planned[0][0].optimizer, keras.optimizers.LossScaleOptimizer)


def test_a_batch_larger_than_the_data_set_is_refused(splits, run, pretrain_settings):
    with pytest.raises(ValueError, match=r"`batch_size` must be at most .* \(28\)"):
        pretrain(splits, quiet(pretrain_settings, batch_size=29), run)


def test_the_baseline_has_the_encoder_of_the_pretraining(splits, pretrain_settings):
    encoder = build_settings_encoder(pretrain_settings, 8)
    pretrained = build_simclr(splits, pretrain_settings).encoder
    assert [variable.shape for variable in encoder.variables] == [
        variable.shape for variable in pretrained.variables
    ]


def test_views_have_the_size_that_was_asked_for(splits, pretrain_settings):
    model = build_simclr(splits, dataclasses.replace(pretrain_settings, view_size=12))
    assert model.augmenter(splits.train.images[:4]).shape == (4, 12, 12, 3)


def test_a_squeezenet_sees_views_that_it_can_take(splits, pretrain_settings):
    # Views of 20 pixels, 5/8 of the pictures, would leave no pixel in its last map.
    larger = {
        name: dataclasses.replace(
            getattr(splits, name), images=getattr(splits, name).images.repeat(4, 1).repeat(4, 2)
        )
        for name in ("train", "validation", "test")
    }
    settings = dataclasses.replace(pretrain_settings, encoder="squeezenet")
    model = build_simclr(dataclasses.replace(splits, **larger), settings)
    views = model.augmenter(larger["train"].images[:2])
    assert views.shape == (2, 32, 32, 3)
    assert np.isfinite(model.encoder(views)).all()


def test_the_grid_of_views_enlarges_them_to_the_size_of_the_pictures():
    pictures = np.zeros((2, 4, 4, 3), np.uint8)
    views = np.full((2, 2, 2, 3), 7, np.uint8)
    grid = pretraining._grid([pictures, views])
    assert grid.shape == (8, 8, 3)  # 2 rows of 2 pictures of 4 pixels
    assert (grid[:4] == 0).all() and (grid[4:] == 7).all()


def test_with_group_normalization_nothing_looks_across_pictures(splits, pretrain_settings):
    settings = dataclasses.replace(pretrain_settings, normalization="group")
    model = build_simclr(splits, settings)
    layers = [*model.encoder.layers, *model.projection_head.layers]
    batch_norms = [one for one in layers if isinstance(one, keras.layers.BatchNormalization)]
    assert batch_norms == []
    assert any(isinstance(one, keras.layers.GroupNormalization) for one in layers)
