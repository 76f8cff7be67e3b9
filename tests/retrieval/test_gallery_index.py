import dataclasses

import numpy as np
import pytest

from simclr_tf.retrieval import Embeddings, Index, gallery_index


def gallery(count=6, **changes):
    rows = np.random.default_rng(0).normal(size=(count, 4)).astype(np.float32)
    embeddings = Embeddings(
        embeddings=rows,
        ids=tuple(f"{row}.png" for row in range(count)),
        labels=np.full(count, -1, np.int32),
        class_names=(),
        sha256=np.repeat(np.arange(count, dtype=np.uint8)[:, None], 32, axis=1),
        encoder="e1",
        root="/pictures",
    )
    return dataclasses.replace(embeddings, **changes)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "gallery.index"


def made_anew(path, of, engine="exact"):
    """Whether another file has taken the place of the saved one."""
    before = path.stat().st_ino
    index = gallery_index(path, of, engine)
    expected = Index(4, engine, of.encoder)
    expected.add(of.paths, of.embeddings, encoder=of.encoder)
    found = [each.search(of.embeddings, 2, encoder=of.encoder)[0] for each in (index, expected)]
    assert found[0] == found[1]
    return path.stat().st_ino != before


def test_the_same_gallery_has_its_index_opened(path):
    gallery_index(path, gallery())
    assert not made_anew(path, gallery())


@pytest.mark.parametrize(
    "changed",
    [
        gallery(5),
        gallery(encoder="e2"),
        gallery(root="/moved"),
        gallery(ids=tuple("abcdef")),
        gallery(sha256=np.zeros((6, 32), np.uint8)),
        gallery(embeddings=gallery().embeddings.astype(np.float16)),
    ],
    ids=["fewer", "encoder", "moved", "renamed", "contents", "type"],
)
def test_another_gallery_gets_a_new_one(path, changed):
    gallery_index(path, gallery())
    assert made_anew(path, changed)


def test_another_engine_gets_a_new_one(path):
    gallery_index(path, gallery())
    assert made_anew(path, gallery(), "hnsw")
    assert Index.load(path).engine == "hnsw"


def test_a_damaged_index_is_replaced(path):
    path.write_bytes(b"no index")
    assert made_anew(path, gallery())


def test_an_index_that_was_changed_since_is_replaced(path):
    index = gallery_index(path, gallery())
    index.remove(index.ids[:1])
    assert index.contents is None
    index.save(path)
    assert made_anew(path, gallery())
