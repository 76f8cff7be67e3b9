import dataclasses
import hashlib

import numpy as np
import pytest

from simclr_tf.data import PictureIndex
from simclr_tf.encoders.pixels import Pixels
from simclr_tf.protocols import EmbeddingSettings, embed_pictures
from tests.protocols.conftest import SIZE, make_pictures, small_encoder

SETTINGS = EmbeddingSettings(image_size=SIZE, batch_size=2)


@pytest.fixture(scope="module")
def encoder_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    small_encoder().save(folder / "encoder.keras")
    return folder


def index_of(pictures, decode=None):
    image_of = dict(zip(pictures.ids, pictures.images, strict=True))
    return PictureIndex(
        name="colours",
        place="the folder colours",
        ids=pictures.ids,
        labels=pictures.labels,
        sha256=tuple(hashlib.sha256(image.tobytes()).hexdigest() for image in pictures.images),
        splits=("train",) * len(pictures),
        class_names=pictures.class_names,
        decode=decode or (lambda ids, size, mode: (image_of[name] for name in ids)),
    )


def test_a_stopped_run_goes_on_after_what_it_has_embedded(encoder_dir, tmp_path):
    pictures = make_pictures([0, 1, 2, 0, 1, 2, -1], "train")

    def stopped(ids, size, mode):
        yield from pictures.images[:5]
        raise KeyboardInterrupt

    output = tmp_path / "e.npz"
    with pytest.raises(KeyboardInterrupt):
        embed_pictures(index_of(pictures, stopped), encoder_dir, output, SETTINGS)
    assert not output.exists()
    report = embed_pictures(index_of(pictures), encoder_dir, output, SETTINGS)
    # Two full batches of 2 were kept.
    assert (report.num_kept, report.num_new) == (4, 3)
    whole = embed_pictures(index_of(pictures), encoder_dir, tmp_path / "whole.npz", SETTINGS)
    np.testing.assert_allclose(report.embeddings.embeddings, whole.embeddings.embeddings, atol=1e-6)
    assert report.embeddings.labels.tolist() == [0, 1, 2, 0, 1, 2, -1]
    assert sorted(file.name for file in tmp_path.iterdir() if file.name.startswith(".")) == []


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_flip_average_is_the_mean_direction_of_both_embeddings(encoder_dir, tmp_path):
    pictures = make_pictures([0, 1], "train")
    mirrored = dataclasses.replace(pictures, images=pictures.images[:, :, ::-1])
    flipped = dataclasses.replace(SETTINGS, flip_average=True)
    averaged, plain, mirror = (
        embed_pictures(index_of(shown), encoder_dir, tmp_path / f"{number}.npz", how).embeddings
        for number, (shown, how) in enumerate(
            [(pictures, flipped), (pictures, SETTINGS), (mirrored, SETTINGS)]
        )
    )
    mean = unit(unit(plain.embeddings) + unit(mirror.embeddings))
    np.testing.assert_allclose(averaged.embeddings, mean, atol=1e-6)
    assert averaged.encoder != plain.encoder == mirror.encoder


def test_crops_are_taken_of_larger_pictures_and_are_described(encoder_dir, tmp_path):
    pictures = make_pictures([0, 1], "train")
    sizes = []

    def decode(ids, size, mode):
        sizes.append(size)
        return (np.full((size, size, 3), 40 * number, np.uint8) for number, _ in enumerate(ids, 1))

    settings = dataclasses.replace(SETTINGS, crops=5)
    report = embed_pictures(index_of(pictures, decode), encoder_dir, tmp_path / "e.npz", settings)
    assert sizes == [9]  # 8 / 0.875 = 9.14
    assert report.embeddings.description["crops"] == 5
    assert report.embeddings.description["encoder"]["kind"] == "encoder"
    np.testing.assert_allclose(np.linalg.norm(report.embeddings.embeddings, axis=1), 1, atol=1e-6)


def test_an_encoder_may_be_given_by_its_source(tmp_path):
    pictures = make_pictures([0, 1], "train")
    report = embed_pictures(index_of(pictures), Pixels(), tmp_path / "e.npz", SETTINGS)
    assert report.embeddings.embeddings.shape == (2, 3 * SIZE * SIZE)
    assert report.embeddings.description["encoder"] == {"kind": "pixels"}


def test_pictures_none_of_which_can_be_read_are_refused(encoder_dir, tmp_path):
    broken = index_of(make_pictures([0, 1], "train"), lambda ids, *_: ["broken"] * len(ids))
    with pytest.raises(ValueError, match=r"No picture of the folder colours can be read.*broken"):
        embed_pictures(broken, encoder_dir, tmp_path / "e.npz", SETTINGS)
    assert not (tmp_path / "e.npz").exists()


def test_another_encoder_replaces_the_file_only_when_told_to(encoder_dir, tmp_path):
    pictures = index_of(make_pictures([0, 1], "train"))
    output = tmp_path / "e.npz"
    embed_pictures(pictures, encoder_dir, output, SETTINGS)
    (tmp_path / "other").mkdir()
    small_encoder().save(tmp_path / "other/encoder.keras")
    with pytest.raises(ValueError, match="holds embeddings of another encoder"):
        embed_pictures(pictures, tmp_path / "other", output, SETTINGS)
    report = embed_pictures(pictures, tmp_path / "other", output, SETTINGS, overwrite=True)
    assert (report.num_new, report.num_kept) == (2, 0)
