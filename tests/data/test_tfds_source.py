import io
import socket

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from simclr_tf.data import load_pictures
from simclr_tf.data import tfds_source as source
from simclr_tf.data.selection import Selection

HELD_OUT = Selection(validation_fraction=0.2, test_fraction=0.2)


def picture(number):
    return np.random.default_rng(number).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def png(number):
    buffer = io.BytesIO()
    Image.fromarray(picture(number)).save(buffer, "PNG")
    buffer.seek(0)
    return buffer


class Coloured(tfds.core.GeneratorBasedBuilder):
    """Forty pictures: train, test, unlabelled and one split that nothing uses."""

    VERSION = tfds.core.Version("1.0.0")
    SPLITS = {"train": range(20), "test": range(20, 28), "unlabelled": range(28, 36), "extra": [39]}
    url_infos: dict = {}

    def _info(self):
        label = tfds.features.ClassLabel(names=["cat", "dog", "cow", "hen"])
        image = tfds.features.Image(shape=(16, 16, 3), encoding_format="png")
        features = tfds.features.FeaturesDict({"image": image, "label": label})
        return tfds.core.DatasetInfo(builder=self, description="-", features=features)

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(split) for split in self.SPLITS}

    def _generate_examples(self, split):
        for number in self.SPLITS[split]:
            yield number, {"image": png(number), "label": number % 4}


class WithheldTest(Coloured):
    """The test pictures have no labels."""

    SPLITS = {"train": range(20), "test": range(20, 24)}

    def _generate_examples(self, split):
        for number in self.SPLITS[split]:
            label = -1 if split == "test" else number % 4
            yield number, {"image": png(number), "label": label}


class NoTrain(Coloured):
    SPLITS = {"extra": range(3)}


class Sounds(Coloured):
    def _info(self):
        features = tfds.features.FeaturesDict({"audio": np.float32, "label": np.int64})
        return tfds.core.DatasetInfo(builder=self, description="-", features=features)


def prepared(builder_class, folder):
    builder = builder_class(data_dir=str(folder))
    builder.download_and_prepare()
    return builder


@pytest.fixture(scope="module")
def coloured(tmp_path_factory):
    return prepared(Coloured, tmp_path_factory.mktemp("coloured"))


def test_given_splits_are_honoured_and_missing_ones_carved_out(coloured):
    index = source.index_builder(coloured, "coloured", HELD_OUT)
    names = [name.split("/")[1] for name in index.ids]
    assert [n for n, s in zip(names, index.splits, strict=True) if s == "test"] == ["test"] * 8
    assert {n for n, s in zip(names, index.splits, strict=True) if s == "validation"} == {"train"}
    assert len(index.ids) == 36


def test_the_unlabelled_split_is_for_training_without_labels(coloured):
    index = source.index_builder(coloured, "coloured", HELD_OUT)
    rows = [row for row, name in enumerate(index.ids) if "/unlabelled/" in name]
    assert len(rows) == 8
    assert {index.splits[row] for row in rows} == {"train"}
    assert set(index.labels[rows]) == {-1}


def test_pictures_come_in_the_order_of_their_labels(coloured):
    index = source.index_builder(coloured, "coloured", HELD_OUT)
    number_of = {picture(number).tobytes(): number for number in range(40)}
    numbers = [
        number_of[image.tobytes()]
        for image in index.decode_rows(np.arange(len(index.ids)), 16, "crop")
    ]
    expected = [-1 if 28 <= number < 36 else number % 4 for number in numbers]
    # Class names are sorted: cat 0, cow 1, dog 2, hen 3.
    assert [{0: 0, 1: 2, 2: 1, 3: 3, -1: -1}[label] for label in expected] == index.labels.tolist()


def test_max_classes_keeps_some_classes_and_the_unlabelled(coloured):
    index = source.index_builder(coloured, "coloured", Selection(max_classes=2))
    assert len(index.class_names) == 2
    # 7 of each class among the 28 labelled pictures, and 8 unlabelled ones.
    assert len(index.ids) == 2 * 7 + 8
    assert sum(1 for _ in index.decode_rows(np.arange(len(index.ids)), 16, "crop")) == len(
        index.ids
    )


def test_a_test_split_without_labels_is_carved_out_of_train(tmp_path):
    index = source.index_builder(prepared(WithheldTest, tmp_path), "withheld", HELD_OUT)
    assert index.warnings == ("The test split of withheld has no labels and is left out.",)
    assert {name.split("/")[1] for name in index.ids} == {"train"}
    assert set(index.splits) == {"train", "validation", "test"}


def test_a_data_set_without_train_lists_its_splits(tmp_path):
    with pytest.raises(ValueError, match="split `train`; the splits of 'no_train' are: extra"):
        source.index_builder(prepared(NoTrain, tmp_path), "no_train", HELD_OUT)


def test_the_decoded_pictures_are_cached(coloured, tmp_path, monkeypatch):
    monkeypatch.setattr(source, "prepared_builder", lambda *_: coloured)
    first = load_pictures(dataset="coloured", image_size=16, cache_dir=tmp_path)
    monkeypatch.setattr(source, "decode_contents", None)
    again = load_pictures(dataset="coloured", image_size=16, cache_dir=tmp_path)
    np.testing.assert_array_equal(again.test.images, first.test.images)
    assert again.test.ids[3] == "coloured/test/00003"


def test_the_embedded_data_set_needs_no_download(tmp_path):
    splits = load_pictures(dataset="symbols/tiny", cache_dir=tmp_path)
    assert len(splits.train) > len(splits.test) > 0
    assert splits.train.images.shape[1:] == (32, 32, 3)
    assert splits.warnings == ()


def test_a_data_set_without_image_lists_its_features(monkeypatch, tmp_path):
    monkeypatch.setattr(tfds, "builder", lambda _: Sounds(data_dir=str(tmp_path)))
    with pytest.raises(ValueError, match="feature `image`; the features of 'sounds' are: audio"):
        load_pictures(dataset="sounds")


def test_an_unknown_name_lists_close_ones_and_the_embedded_one():
    with pytest.raises(ValueError, match=r"close names: .*cifar10.*'symbols' is embedded"):
        load_pictures(dataset="cifar11")


def test_without_a_network_the_error_names_the_data_set_and_the_embedded_one(monkeypatch, tmp_path):
    def unreachable(*_):
        raise socket.gaierror(-2, "Name or service not known")

    class Remote(Coloured):
        url_infos = {"https://pictures.example/remote.zip": None}

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(tfds, "builder", lambda _: Remote(data_dir=str(tmp_path)))
    message = "'remote' cannot be prepared: It needs a download from pictures.example.*'symbols'"
    with pytest.raises(ValueError, match=message):
        load_pictures(dataset="remote")
