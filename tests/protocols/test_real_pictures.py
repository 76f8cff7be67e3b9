"""The whole way on real pictures: folder, pretraining, probes."""

import numpy as np
import pytest

from simclr_tf.data import load_pictures
from simclr_tf.encoders import load_encoder
from simclr_tf.protocols import PretrainSettings, linear_probe, pretrain, split_features
from simclr_tf.runs import RunFolder

pytestmark = pytest.mark.real


def test_faces_are_pretrained_without_labels_and_told_apart_by_a_probe(pictures_dir, tmp_path):
    splits = load_pictures(pictures_dir / "orl_faces", image_size=16, validation_fraction=0.2)
    settings = PretrainSettings(width=0.25, batch_size=64, epochs=20, tensorboard=False)
    with RunFolder.create(tmp_path / "run", {}) as run:
        pretrain(splits, settings, run)
        losses = [float(row["loss"]) for row in run.read_metrics()]
    assert losses[-1] < losses[0]
    features = split_features(load_encoder(tmp_path / "run"), splits)
    report = linear_probe(features, np.arange(len(features.train)))[1]
    # 40 people: guessing is right in 2.5 % of the cases.
    assert report["accuracy"] > 0.4


def test_the_innermost_folder_names_the_fine_classes_of_the_groceries(pictures_dir):
    splits = load_pictures(pictures_dir / "grocery", image_size=16, label_depth=-1)
    assert len(splits.train.class_names) == 81
    assert splits.skipped == ()
    assert min(len(splits.train), len(splits.validation), len(splits.test)) > 0


def test_the_outermost_folder_names_the_broad_classes_of_the_groceries(pictures_dir):
    splits = load_pictures(pictures_dir / "grocery", image_size=16, label_depth=1)
    assert set(splits.train.class_names) == {"Fruit", "Packages", "Vegetables"}
