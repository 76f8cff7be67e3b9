"""Negatives in a fine-tuning: in every batch, in the loss on one side only, in no measure."""

import dataclasses
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.losses import sup_con, triplet
from simclr_tf.protocols import FineTuningSettings, Negatives, NegativeSettings, fine_tune
from simclr_tf.protocols.batch_shape import BatchShape, batch_shape
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.runs import RunFolder
from simclr_tf.training import NonFiniteLoss, SupConFineTuner
from simclr_tf.training.metric_learner import MetricLearner
from tests.protocols.conftest import make_pictures, small_encoder
from tests.protocols.test_batch_shape import pictures_of

pytestmark = pytest.mark.usefixtures("without_figures")

SETTINGS = FineTuningSettings(
    augment="crop-flip",
    batch_size=16,
    head_size=4,
    epochs=2,
    steps_per_epoch=2,
    learning_rate=0.01,
    probe_linearly=False,
)
ALL = LabelBudget()


@pytest.fixture
def run(tmp_path):
    with RunFolder.create(tmp_path / "run", {}) as run:
        yield run


def negatives_of(count=9, share=0.25, seed=5, fingerprint="ab"):
    pictures = make_pictures([-1] * count, "negatives", seed)
    return Negatives(pictures, share, fingerprint)


def new_encoder():
    keras.utils.set_random_seed(0)
    return small_encoder()


# === Batches ===


@pytest.mark.parametrize(
    ("counts", "arguments", "share", "expected"),
    [
        # Of 64 a quarter: 12 classes of 4 beside 16.
        ([30] * 81, {}, 0.25, (12, 4, 64, True, 16)),
        ([30] * 81, {}, 0.5, (8, 4, 64, True, 32)),
        # Six classes fill 48 with 8 of each.
        ([100] * 6, {}, 0.25, (6, 8, 64, True, 16)),
        # Few labels: 2 classes of 3, so that 2 of 8 are a quarter.
        ([3, 3], {}, 0.25, (2, 3, 8, True, 2)),
        # At least one, whatever the share.
        ([3, 3], {}, 0.01, (2, 3, 7, True, 1)),
        ([30] * 10, {"pictures_per_class": 5}, 0.25, (9, 5, 60, False, 15)),
    ],
)
def test_negatives_have_their_share_of_every_batch(counts, arguments, share, expected):
    shape = batch_shape(pictures_of(counts), FineTuningSettings(**arguments), share)
    assert shape == BatchShape(*expected)
    assert shape.labelled == shape.classes * shape.pictures_per_class


def test_a_batch_holds_the_classes_and_then_the_negatives():
    labelled, negatives = pictures_of([5, 6, 7]), pictures_of([4])
    labelled.images[:], negatives.images[:] = 1, 2
    settings = dataclasses.replace(SETTINGS, batch_size=8, pictures_per_class=2)
    shape = batch_shape(labelled, settings, 0.25)
    for images, labels in shape.batches(labelled, settings, 0, 5, negatives):
        assert (np.sort(np.unique(labels)).tolist())[0] == -1
        np.testing.assert_array_equal(images[:, 0, 0, 0] == 2, labels == -1)
        assert labels.numpy().tolist()[-2:] == [-1, -1] and labels.shape == (8,)


def test_the_names_of_a_batch_are_those_of_its_classes_and_then_of_its_negatives():
    labelled, negatives = pictures_of([5, 6, 7]), pictures_of([4])
    # Each picture shows its row; those of the negatives are counted from 100 on.
    labelled.images[:] = np.arange(18)[:, None, None, None]
    negatives.images[:] = np.arange(100, 104)[:, None, None, None]
    settings = dataclasses.replace(SETTINGS, batch_size=8, pictures_per_class=2)
    shape = batch_shape(labelled, settings, 0.25)
    names = shape.names(labelled, settings, negatives)
    batches = shape.batches(labelled, settings, 0, 5, negatives)
    for step, (images, _) in enumerate(batches.as_numpy_iterator()):
        shown = images[:, 0, 0, 0].tolist()
        own, beside = shown[:6], [f"negative: {row - 100}" for row in shown[6:]]
        assert names(step) == [*map(str, own), *beside]


def test_a_batch_too_small_for_both_is_refused():
    settings = FineTuningSettings(batch_size=8, pictures_per_class=4)
    with pytest.raises(ValueError, match="`batch_size` must be at least 8, .* beside a share of"):
        batch_shape(pictures_of([9] * 4), settings, 0.5)


def test_cross_entropy_alone_has_no_use_for_them():
    settings = FineTuningSettings(objective="cross_entropy")
    with pytest.raises(ValueError, match="`negatives_dir` is for supcon and triplet"):
        batch_shape(pictures_of([9] * 4), settings, 0.25)


# === Negatives only ===


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


LABELS = np.array([0, 0, 1, 1, -1, -1, -1])
LOSSES = {
    "sup_con": lambda z: sup_con(z, LABELS, 0.2),
    "triplet": lambda z: triplet(z, LABELS, 0.3, "all"),
    "triplet of semi-hard": lambda z: triplet(z, LABELS, 0.3, "semi_hard"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_how_alike_negatives_are_does_not_matter(name):
    # Labelled rows live in the first three dimensions, the negatives' differences in the others.
    generator = np.random.default_rng(0)
    labelled = np.pad(unit(generator.normal(size=(4, 3))), [(0, 0), (0, 3)])
    shared = unit(generator.normal(size=(3, 3))) * 0.6
    same = np.concatenate([shared, np.full((3, 3), 0.8 / np.sqrt(3))], axis=1)
    apart = np.concatenate([shared, 0.8 * np.eye(3)], axis=1)
    losses = [
        float(LOSSES[name](np.concatenate([labelled, z]).astype("float32"))) for z in (same, apart)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_a_step_moves_a_negative_away_from_the_classes_and_them_from_it(name):
    generator = np.random.default_rng(1)
    z = tf.Variable(unit(generator.normal(size=(7, 4)) + 1).astype("float32"))
    with tf.GradientTape() as tape:
        loss = LOSSES[name](z)
    moved = z - 0.01 * tf.convert_to_tensor(tape.gradient(loss, z))
    before, after = (unit(rows) @ unit(rows).T for rows in (z.numpy(), moved.numpy()))
    # On average over the pairs of a negative and a labelled row.
    assert after[4:, :4].mean() < before[4:, :4].mean()


def test_the_model_is_shown_two_views_of_them_without_labels(splits, run, monkeypatch):
    seen = []
    original = MetricLearner.measure

    def recorded(self, features, z, labels, training):
        seen.append((z.shape[0], labels.shape[0]))
        tf.debugging.assert_equal(tf.reduce_sum(tf.cast(labels == -1, tf.int32)), 8)
        return original(self, features, z, labels, training)

    monkeypatch.setattr(MetricLearner, "measure", recorded)
    fine_tune(new_encoder(), splits, SETTINGS, ALL, run, negatives_of())
    # 3 classes of 4 beside 4 of 16: two views of each.
    assert set(seen) == {(32, 32)}


def test_a_loss_that_is_no_number_names_them_too(splits, run, monkeypatch):
    def no_number(self, z, labels, training):
        return tf.reduce_sum(z) * np.nan

    monkeypatch.setattr(SupConFineTuner, "metric_loss", no_number)
    with pytest.raises(NonFiniteLoss, match="Stopped after step 1: the loss is nan"):
        fine_tune(new_encoder(), splits, SETTINGS, ALL, run, negatives_of())
    (stopped,) = json.loads((run.path / "non_finite_steps.json").read_text())
    kinds = [name.partition("/")[0] for name in stopped["pictures"]]
    assert kinds == ["train"] * 12 + ["negative: negatives"] * 4


# === The whole job ===


def test_they_change_the_training_but_not_what_is_measured(splits, tmp_path):
    found = {}
    for name, negatives in (("without", None), ("with", negatives_of())):
        encoder = new_encoder()
        with RunFolder.create(tmp_path / name, {}) as run:
            found[name] = fine_tune(encoder, splits, SETTINGS, ALL, run, negatives), encoder
    assert found["with"][0]["before"] == found["without"][0]["before"]
    assert found["with"][0]["labels"] == found["without"][0]["labels"] == 24
    assert found["with"][0]["negatives"] == 9 and found["without"][0]["negatives"] == 0
    assert found["with"][0]["after"]["queries"] == found["without"][0]["after"]["queries"]
    weights = [encoder.get_weights() for _, encoder in found.values()]
    assert any((a != b).any() for a, b in zip(*weights, strict=True))


def test_unlabelled_training_pictures_take_no_part_without_being_named(splits, tmp_path):
    results = []
    for name, pictures in (("with", splits.train), ("without", splits.train.labelled())):
        encoder = new_encoder()
        with RunFolder.create(tmp_path / name, {}) as run:
            fine_tune(encoder, dataclasses.replace(splits, train=pictures), SETTINGS, ALL, run)
        results.append(encoder.get_weights())
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("objective", ["supcon+cross_entropy", "triplet", "triplet+cross_entropy"])
def test_every_objective_that_compares_pictures_takes_them(splits, run, objective):
    settings = dataclasses.replace(SETTINGS, objective=objective)
    fine_tune(new_encoder(), splits, settings, ALL, run, negatives_of())
    assert np.isfinite([float(row["loss"]) for row in run.read_metrics()]).all()


def test_a_run_that_was_stopped_ends_as_one_that_was_not(splits, tmp_path):
    settings = dataclasses.replace(SETTINGS, checkpoint_every_steps=1)

    def finish(run):
        encoder = new_encoder()
        metrics = fine_tune(encoder, splits, settings, ALL, run, negatives_of())
        return metrics, encoder.get_weights()

    with RunFolder.create(tmp_path / "whole", {}) as run:
        whole = finish(run)
    with RunFolder.create(tmp_path / "stopped", {}) as run:
        finish(run)
        # As if it had been killed after the third of four steps.
        max(run.checkpoint_path.glob("step_*.npz")).unlink()
        resumed = finish(run)
    assert resumed[0] == whole[0]
    for a, b in zip(resumed[1], whole[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_run_goes_on_with_its_own_negatives_only(splits, run):
    fine_tune(new_encoder(), splits, SETTINGS, ALL, run, negatives_of())
    stored = json.loads((run.path / "negatives.json").read_text())
    assert stored == {"pictures": 9, "share": 0.25, "fingerprint": "ab"}
    for other in (None, negatives_of(8), negatives_of(share=0.5), negatives_of(fingerprint="cd")):
        with pytest.raises(ValueError, match="negatives must be those that .* was started with, 9"):
            fine_tune(new_encoder(), splits, SETTINGS, ALL, run, other)


def test_negatives_are_training_pictures_without_their_labels(splits):
    negatives = Negatives.of(splits, 0.3)
    assert (negatives.pictures.labels == -1).all()
    assert len(negatives.pictures) == len(splits.train)
    assert negatives.share == 0.3
    assert negatives.fingerprint == splits.fingerprint


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: NegativeSettings(negative_share=0.0), "`negative_share` must be greater than 0"),
        (lambda: NegativeSettings(negative_share=1.5), "`negative_share` must be between 0 and 1"),
        (lambda: negatives_of(0), "`number of negatives` must be at least 1"),
        (lambda: negatives_of(share=-1), "`share` must be greater than 0. Received: share=-1"),
    ],
)
def test_what_is_not_accepted_is_named(made, message):
    with pytest.raises(ValueError, match=message):
        made()
