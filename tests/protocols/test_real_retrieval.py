"""The whole way on real pictures: folder, embeddings, neighbours."""

import pytest

from simclr_tf.data import index_pictures
from simclr_tf.data.selection import Selection
from simclr_tf.encoders import build_encoder
from simclr_tf.protocols import EmbeddingSettings, SearchSettings, embed_pictures, retrieve

pytestmark = pytest.mark.real


def test_most_faces_find_their_own_person_even_with_random_weights(pictures_dir, tmp_path):
    faces = index_pictures(pictures_dir / "orl_faces", selection=Selection(None, 0, 0.0, 0.0))
    build_encoder("resnet10", image_size=32, width=0.25).save(tmp_path / "encoder.keras")
    report = embed_pictures(
        faces,
        tmp_path,
        tmp_path / "faces.npz",
        EmbeddingSettings(image_size=32),
        root=str(pictures_dir / "orl_faces"),
    )
    found = retrieve(report.embeddings, report.embeddings, tmp_path, SearchSettings(resamples=10))
    assert report.num_new == 400 and report.skipped == ()
    # 9 of the 399 others are the same person: chance is 2.3 %.
    assert found.metrics["top_1"] > 0.5
    assert len(found.metrics["per_class"]) == 40
