import dataclasses
import shutil

import keras
import numpy as np
import pytest

from simclr_tf.data import PictureSet, PictureSplits
from simclr_tf.protocols import fine_tuning, pretrain
from simclr_tf.protocols.settings import PretrainSettings, SupervisedSettings
from simclr_tf.runs import RunFolder
from tests.conftest import make_class_folders

SIZE = 8
COLOURS = ((200, 40, 40), (40, 200, 40), (40, 40, 200))


def make_pictures(labels, split, seed=0):
    """Pictures whose colour tells the class; those without label (-1) are of class 0's colour."""
    generator = np.random.default_rng(seed)
    labels = np.asarray(labels, np.int32)
    colours = np.asarray(COLOURS)[np.maximum(labels, 0)]
    noise = generator.integers(-40, 40, (len(labels), SIZE, SIZE, 3))
    images = np.clip(colours[:, None, None] + noise, 0, 255).astype(np.uint8)
    ids = tuple(f"{split}/{number:03d}" for number in range(len(labels)))
    return PictureSet(images, labels, ids, ("red", "green", "blue"))


def small_encoder(*_):
    """Mean colours and a dense layer: quick to train, and enough for three colours."""
    pictures = keras.Input((None, None, 3))
    colours = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(pictures))
    return keras.Model(pictures, keras.layers.Dense(8, activation="relu")(colours))


@pytest.fixture(scope="session")
def splits():
    """Train: 8 of each of 3 classes and 4 without label; validation and test: 4 of each."""
    return PictureSplits(
        train=make_pictures([0, 1, 2] * 8 + [-1] * 4, "train", seed=1),
        validation=make_pictures([0, 1, 2] * 4, "validation", seed=2),
        test=make_pictures([0, 1, 2] * 4, "test", seed=3),
        name="colours",
        fingerprint="c0ffee",
        skipped=(),
        warnings=(),
    )


@pytest.fixture(scope="session")
def pretrain_settings():
    return PretrainSettings(
        encoder="resnet10",
        width=0.125,
        mixed_precision="none",
        projection_size=8,
        augment="simclr-cifar",
        batch_size=8,
        epochs=1,
        learning_rate=0.01,
    )


@pytest.fixture(scope="session")
def supervised_settings():
    return SupervisedSettings(augment="crop-flip", batch_size=8, pictures=16, minimum_epochs=1)


@pytest.fixture
def without_figures(monkeypatch):
    """Drawing takes longer than the fine-tunings here; their figures have tests of their own."""
    monkeypatch.setattr(fine_tuning, "_draw", lambda metrics, run: None)


@pytest.fixture
def without_labels(splits):
    """Takes the labels off the named splits."""

    def take_off(*names):
        changed = {
            name: dataclasses.replace(
                getattr(splits, name), labels=np.full(len(getattr(splits, name)), -1, np.int32)
            )
            for name in names
        }
        return dataclasses.replace(splits, **changed)

    return take_off


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory, splits, pretrain_settings):
    """The run folder and the encoder of two epochs of pretraining with logs for TensorBoard."""
    settings = dataclasses.replace(pretrain_settings, epochs=2, tensorboard=True)
    with RunFolder.create(tmp_path_factory.mktemp("pretrained"), {}) as run:
        return run, pretrain(splits, settings, run)


@pytest.fixture(scope="session")
def nested(tmp_path_factory):
    """Two coarse classes of two fine ones of six pictures, and two copies of one picture."""
    root = tmp_path_factory.mktemp("table") / "groceries"
    for number, coarse in enumerate(("fruit", "milk")):
        make_class_folders(root / coarse, 2, 6, size=8, seed=number)
        for name in ("class_0", "class_1"):
            (root / coarse / name).rename(root / coarse / f"{coarse}_{name}")
    for name in ("copy", "copy_again"):
        source = root / "fruit/fruit_class_0/000.png"
        shutil.copy(source, root / f"fruit/fruit_class_0/{name}.png")
    return root
