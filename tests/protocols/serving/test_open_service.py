"""A service opened from files embeds as `embed_pictures` did."""

import asyncio

import numpy as np
import pytest

from simclr_tf.data import index_pictures
from simclr_tf.data.selection import Selection
from simclr_tf.encoders import build_encoder
from simclr_tf.protocols import EmbeddingSettings, embed_pictures, open_picture_service
from simclr_tf.similarity import l2_normalize
from tests.conftest import make_class_folders


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Nine pictures in `gallery`, their encoder and their embeddings with mirror images."""
    folder = tmp_path_factory.mktemp("service")
    root = make_class_folders(folder / "gallery", num_classes=3, pictures_per_class=3, size=12)
    build_encoder("resnet10", image_size=8, width=0.125).save(folder / "encoder.keras")
    embed_pictures(
        index_pictures(str(root), None, Selection(validation_fraction=0, test_fraction=0)),
        folder / "encoder.keras",
        folder / "embeddings.npz",
        EmbeddingSettings(image_size=8, flip_average=True),
        root=str(root),
    )
    return folder


def embed_all(service, folder):
    async def run():
        names = service.gallery.gallery.ids
        return await asyncio.gather(
            *(service.embed((folder / "gallery" / name).read_bytes()) for name in names)
        )

    return np.stack(asyncio.run(run()))


def test_embeddings_in_batches_equal_those_of_the_gallery(folder):
    with open_picture_service(folder / "encoder.keras", folder / "embeddings.npz") as service:
        service.warm_up()
        embeddings = embed_all(service, folder)
        wanted = l2_normalize(service.gallery.gallery.embeddings)
        assert service.batches.num_batches < len(wanted)
    np.testing.assert_allclose(embeddings, wanted, atol=1e-5)


def test_without_an_index_the_size_is_the_encoders_own(folder):
    with open_picture_service(folder / "encoder.keras") as service:
        assert service.gallery is None and service.preparation.image_size == 8


def test_another_size_than_the_encoders_own_is_refused(folder):
    with pytest.raises(ValueError, match="`image_size` must be 8, .* Received: image_size=16"):
        open_picture_service(folder / "encoder.keras", image_size=16)


def test_a_size_beside_an_index_is_refused(folder):
    with pytest.raises(ValueError, match="`image_size` is told by `index`.*image_size=16"):
        open_picture_service(folder / "encoder.keras", folder / "embeddings.npz", image_size=16)
