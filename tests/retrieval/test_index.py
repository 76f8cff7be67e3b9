import doctest

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.retrieval import ENGINES, Index, index
from simclr_tf.similarity import top_k_cosine

# Cosines of these vectors are exact in float32, so ties are true ties.
EXACT_UNIT_VECTORS = np.array(
    [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 0], [0.5, 0.5, 0.5, 0.5], [0.5, -0.5, 0.5, -0.5]],
    np.float32,
)


def vectors(count=400, dimension=16, seed=0):
    return np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)


def names(count, prefix="folder/picture"):
    return [f"{prefix}_{number}.png" for number in range(count)]


def filled(engine="exact", count=400, encoder=None):
    made = Index(16, engine, encoder)
    made.add(names(count), vectors(count), encoder=encoder)
    return made


def test_the_example_is_right():
    assert doctest.testmod(index, extraglobs={"np": np}).failed == 0


def test_exact_search_equals_brute_force():
    queries = 3 * vectors(30, seed=1)
    ids, scores = filled().search(queries, 10)
    expected_scores, rows = top_k_cosine(queries, vectors(), 10)
    assert ids == [[names(400)[row] for row in line] for line in rows]
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)


@settings(deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=10), st.lists(st.integers(0, 4)))
def test_of_equal_cosines_those_added_first_come_first(gallery, queries):
    searched = Index(4)
    searched.add(names(len(gallery)), EXACT_UNIT_VECTORS[gallery])
    ids, scores = searched.search(EXACT_UNIT_VECTORS[queries], len(gallery))
    if queries:
        expected, rows = top_k_cosine(
            EXACT_UNIT_VECTORS[queries], EXACT_UNIT_VECTORS[gallery], len(gallery)
        )
        assert ids == [[names(len(gallery))[row] for row in line] for line in rows]
        assert scores.tolist() == expected.tolist()
    else:
        assert ids == [] and scores.shape == (0, len(gallery))


@pytest.mark.parametrize(("engine", "least"), [("hnsw", 0.99), ("ivf-pq", 0.3)])
def test_approximate_engines_find_most_of_the_neighbours(engine, least):
    queries = vectors(50, seed=1)
    found, _ = filled(engine).search(queries, 10)
    expected, _ = filled().search(queries, 10)
    hits = sum(len(set(f) & set(e)) for f, e in zip(found, expected, strict=True))
    assert hits / 500 >= least


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_k_neighbours_of_vectors_that_are_all_equal(engine):
    same = Index(16, engine)
    same.add(names(400), np.ones((400, 16)))
    ids, scores = same.search(np.ones((2, 16)), 400)
    assert [len(set(line)) for line in ids] == [400, 400]
    assert scores.shape == (2, 400)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_query_itself_is_left_out_by_its_id(engine):
    searched = filled(engine)
    ids, scores = searched.search(vectors()[:5], 399, exclude=names(5))
    for own, line in zip(names(5), ids, strict=True):
        assert own not in line and len(set(line)) == 399
    assert scores.shape == (5, 399)


def test_an_id_that_is_not_in_the_index_leaves_nothing_out():
    without, _ = filled().search(vectors()[:2], 3)
    excluded, _ = filled().search(vectors()[:2], 3, exclude=["elsewhere.png", None])
    assert excluded == without


@pytest.mark.parametrize("engine", ENGINES)
def test_removed_pictures_are_not_found_and_can_be_added_again(engine):
    searched = filled(engine)
    searched.remove(names(400)[:100])
    assert len(searched) == 300 and names(1)[0] not in searched
    found, _ = searched.search(vectors()[:3], 300)
    assert all(set(line) == set(names(400)[100:]) for line in found)
    searched.add(names(1), -vectors()[200:201])
    assert searched.search(-vectors()[200:201], 1)[0] == [[names(1)[0]]]
    assert searched.ids == [*names(400)[100:], names(1)[0]]


@pytest.mark.parametrize("memory_map", [True, False])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_loaded_index_finds_the_same_and_can_be_changed(engine, memory_map, tmp_path):
    saved = filled(engine, encoder="e1")
    saved.remove(names(400)[3:5])
    saved.save(tmp_path / "gallery.index")
    loaded = Index.load(tmp_path / "gallery.index", memory_map=memory_map)
    queries = vectors(20, seed=2)
    expected, expected_scores = saved.search(queries, 7, encoder="e1")
    ids, scores = loaded.search(queries, 7, encoder="e1")
    assert ids == expected and np.array_equal(scores, expected_scores)
    assert (len(loaded), loaded.encoder, loaded.ids) == (398, "e1", saved.ids)
    # FAISS itself crashes when a mapped index is changed.
    loaded.remove(names(400)[:1])
    loaded.add(["new.png"], queries[:1], encoder="e1")
    assert len(loaded) == 398 and names(1)[0] not in loaded
    loaded.save(tmp_path / "gallery.index")
    assert "new.png" in Index.load(tmp_path / "gallery.index")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_copy_of_a_loaded_index_does_not_need_the_first_file(engine, tmp_path):
    filled(engine).save(tmp_path / "first.index")
    Index.load(tmp_path / "first.index").save(tmp_path / "copy.index")
    (tmp_path / "first.index").unlink()
    copy = Index.load(tmp_path / "copy.index")
    assert copy.search(vectors(), 3)[0] == filled(engine).search(vectors(), 3)[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_loaded_index_keeps_its_vectors_when_another_takes_the_place_of_its_file(
    engine, tmp_path
):
    filled(engine).save(tmp_path / "gallery.index")
    loaded = Index.load(tmp_path / "gallery.index")
    other = Index(16, engine)
    other.add(names(300, "other"), vectors(300, seed=9))
    other.save(tmp_path / "gallery.index")
    loaded.remove(names(400)[399:])
    expected = filled(engine)
    expected.remove(names(400)[399:])
    assert loaded.search(vectors(), 3)[0] == expected.search(vectors(), 3)[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_empty_index_can_be_saved_and_filled_later(engine, tmp_path):
    Index(16, engine).save(tmp_path / "empty.index")
    loaded = Index.load(tmp_path / "empty.index")
    assert len(loaded) == 0 and loaded.ids == []
    loaded.add(names(400), vectors())
    assert len(loaded) == 400


def test_ids_may_be_any_text(tmp_path):
    odd = ["ä/ö ü.png", "a\nb", "\udcff.jpg"]
    made = Index(16)
    made.add(odd, vectors(3))
    made.save(tmp_path / "odd.index")
    assert Index.load(tmp_path / "odd.index").ids == odd


def test_half_precision_embeddings_are_taken():
    made = Index(16)
    made.add(names(5), vectors(5).astype(np.float16))
    assert made.search(vectors(5), 1)[0] == [[name] for name in names(5)]


def test_the_embeddings_of_a_large_gallery_are_all_looked_at_and_added():
    many = vectors(40_000, 4)
    made = Index(4)
    made.add(names(40_000), many)
    expected = top_k_cosine(many[-3:], many, 2)[1]
    found = made.search(many[-3:], 2)[0]
    assert found == [[names(40_000)[row] for row in line] for line in expected]
    many[[3, 20_000, 39_999]] = np.nan
    with pytest.raises(ValueError, match="must be finite. Received: 3 of 40000 rows"):
        Index(4).add(names(40_000), many)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_an_index_that_was_cut_off_is_refused(share, tmp_path):
    path = tmp_path / "gallery.index"
    filled().save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="gallery.index' is not an index of simclr_tf, or was cut"):
        Index.load(path)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_index_whose_middle_is_missing_is_refused(engine, tmp_path):
    path = tmp_path / "gallery.index"
    filled(engine).save(path)
    content = path.read_bytes()
    path.write_bytes(content[:200] + content[300:])
    with pytest.raises(ValueError, match="gallery.index' is damaged: its length is wrong"):
        Index.load(path)


def test_a_damaged_index_is_refused_before_faiss_reads_it(tmp_path):
    path = tmp_path / "gallery.index"
    filled().save(path)
    path.write_bytes(b"XXXX" + path.read_bytes()[4:])
    with pytest.raises(ValueError, match="is damaged: its checksum is wrong"):
        Index.load(path)


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "gallery.index"
    filled(count=300).save(path)

    def fails(_, writer):
        writer(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(faiss, "write_index", fails)
    monkeypatch.setattr(faiss, "PyCallbackIOWriter", lambda write: write)
    with pytest.raises(OSError, match="disk full"):
        filled().save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["gallery.index"]
    monkeypatch.undo()
    assert len(Index.load(path)) == 300


@pytest.mark.parametrize("encoder", [None, "another"])
def test_embeddings_of_another_encoder_are_refused(encoder):
    made = filled(encoder="mine")
    with pytest.raises(ValueError, match="`encoder` must be the one that the index was made with"):
        made.search(vectors(1), 1, encoder=encoder)
    with pytest.raises(ValueError, match="`encoder` must be the one .* mine: .*Received: encoder="):
        made.add(["x"], vectors(1), encoder=encoder)


class Shelf:
    """The smallest engine: a list of vectors."""

    def __init__(self):
        self.vectors, self.numbers = np.empty((0, 16), np.float32), np.empty(0, np.int64)

    @property
    def size(self):
        return len(self.numbers)

    def add(self, vectors, numbers):
        self.vectors = np.concatenate([self.vectors, vectors])
        self.numbers = np.concatenate([self.numbers, numbers])

    def remove(self, numbers):
        stays = ~np.isin(self.numbers, numbers)
        self.vectors, self.numbers = self.vectors[stays], self.numbers[stays]

    def search(self, queries, k):
        scores, rows = top_k_cosine(queries, self.vectors, k)
        return scores, self.numbers[rows]


def test_an_engine_of_ones_own_can_stand_behind_the_index(tmp_path):
    made = Index(16, Shelf())
    made.add(names(50), vectors(50))
    made.remove(names(10))
    found, _ = made.search(vectors(50)[20:21], 40)
    assert found[0][0] == names(50)[20] and set(found[0]) == set(names(50)[10:])
    with pytest.raises(ValueError, match="to be saved. Received: engine=Shelf"):
        made.save(tmp_path / "x.index")


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: Index(0), "`dimension` must be at least 1"),
        (lambda: Index(4, "annoy"), "`engine` must be one of: exact, hnsw, ivf-pq"),
        (lambda: Index(16).search(vectors(1), 1), "The index is empty"),
        (lambda: filled().search(vectors(1), 0), "`k` must be between 1 and 400. Received: k=0"),
        (lambda: filled().search(vectors(1), 401), "`k` must be between 1 and 400"),
        (lambda: filled().search(vectors(1), 400, exclude=[None]), "between 1 and 399"),
        (lambda: filled(count=1).search(vectors(1), 1, exclude=names(1)), "must hold another"),
        (lambda: filled().add(["a\0b"], vectors(1)), "without a null character.*Received: 'a"),
        (lambda: filled().search(vectors(2), 1, exclude=[None]), "1 ids for 2 queries"),
        (lambda: filled().search(vectors(1, 8), 1), r"must have shape \[n, 16\]. Received: q"),
        (lambda: filled().search(vectors(1)[0], 1), r"queries.shape=\(16,\)"),
        (lambda: filled().search(vectors(2) * np.nan, 1), "`queries` must be finite.*2 of 2"),
        (lambda: filled().add(["x"], vectors(1) * np.inf), "`embeddings` must be finite"),
        (lambda: filled().add(["x"], vectors(2)), "1 ids and 2 embeddings"),
        (lambda: filled().add(["x", "x"], vectors(2)), "all different.*Received: 'x'"),
        (lambda: filled().add([""], vectors(1)), "not empty.*Received: ''"),
        (lambda: filled().add(names(1), vectors(1)), "not in the index .*picture_0.png"),
        (lambda: filled().remove(["x"]), "`ids` must be in the index. Received: 'x'"),
        (lambda: filled("ivf-pq", 100), "learn from at least 256 vectors.*Received: 100"),
    ],
)
def test_what_cannot_be_done_is_refused(use, message):
    with pytest.raises(ValueError, match=message):
        use()
