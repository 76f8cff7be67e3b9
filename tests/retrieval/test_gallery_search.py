import dataclasses

import numpy as np
import pytest

from simclr_tf.retrieval import Embeddings, GallerySearch, Index

CLASSES = ("apples", "pears", "plums")


def gallery_at(degrees, labels, encoder="e1"):
    """A gallery whose embeddings are vectors of length 2 at these angles."""
    angles = np.radians(degrees)
    return Embeddings(
        embeddings=(2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)).astype(np.float32),
        ids=tuple(f"p{number}.png" for number in range(len(degrees))),
        labels=np.array(labels, np.int32),
        class_names=CLASSES,
        sha256=np.zeros((len(degrees), 32), np.uint8),
        encoder=encoder,
        root="/pictures",
    )


GALLERY = gallery_at([0, 10, 30, 60], [0, 1, -1, 1])
QUERY = np.array([5.0, 0.0])  # at 0 degrees


def rows(found):
    return [picture.row for picture in found]


def test_the_most_similar_come_first_with_cosine_id_and_class():
    found = GallerySearch(GALLERY).search(QUERY, 3)
    assert rows(found) == [0, 1, 2]
    assert [picture.id for picture in found] == ["p0.png", "p1.png", "p2.png"]
    assert [picture.class_name for picture in found] == ["apples", "pears", ""]
    cosines = np.cos(np.radians([0, 10, 30]))
    np.testing.assert_allclose([picture.score for picture in found], cosines, atol=1e-6)


def test_the_excluded_row_is_not_found():
    assert rows(GallerySearch(GALLERY).search(QUERY, 2, exclude=0)) == [1, 2]


def test_more_than_there_are_gives_all():
    search = GallerySearch(GALLERY)
    assert rows(search.search(QUERY, 99)) == [0, 1, 2, 3]
    assert rows(search.search(QUERY, 99, exclude=1)) == [0, 2, 3]
    assert rows(search.search(QUERY, 99, class_names=["pears"])) == [1, 3]


@pytest.mark.parametrize(
    ("class_names", "exclude", "expected"),
    [
        (["pears"], None, [1, 3]),
        (["pears", "apples"], None, [0, 1, 3]),
        (["pears"], 1, [3]),
        (["apples"], 0, []),
    ],
)
def test_only_pictures_of_the_chosen_classes_are_found(class_names, exclude, expected):
    found = GallerySearch(GALLERY).search(QUERY, 5, class_names=class_names, exclude=exclude)
    assert rows(found) == expected


def test_a_gallery_of_one_picture_has_no_other():
    assert GallerySearch(gallery_at([0], [0])).search(QUERY, 3, exclude=0) == []


@pytest.mark.parametrize("class_names", [(), ("apples",)])
def test_both_ways_of_searching_agree_with_a_slow_loop(class_names):
    generator = np.random.default_rng(0)
    gallery = dataclasses.replace(
        gallery_at(generator.uniform(0, 360, 50), [0] * 50),
        embeddings=generator.normal(size=(50, 7)).astype(np.float16),
    )
    query = generator.normal(size=7)
    kept = [float(np.dot(row, query) / np.linalg.norm(row)) for row in gallery.embeddings]
    expected = sorted(range(50), key=lambda row: -kept[row])[:9]
    assert rows(GallerySearch(gallery).search(query, 9, class_names=class_names)) == expected


def test_classes_without_pictures_are_not_offered():
    search = GallerySearch(GALLERY)
    assert search.class_counts == {"apples": 1, "pears": 2}
    with pytest.raises(ValueError, match="`class_names` must be one of: apples, pears. Received"):
        search.search(QUERY, 1, class_names=["plums"])


def test_a_saved_index_of_the_gallery_is_used():
    index = Index(2, "hnsw", encoder="e1")
    index.add(GALLERY.paths, GALLERY.embeddings, encoder="e1")
    assert rows(GallerySearch(GALLERY, index).search(QUERY, 2)) == [0, 1]


@pytest.mark.parametrize(
    "other", [gallery_at([0], [0]), dataclasses.replace(GALLERY, encoder="e2")]
)
def test_an_index_of_other_pictures_or_another_encoder_is_refused(other):
    index = Index(2, encoder=other.encoder)
    index.add(other.paths, other.embeddings, encoder=other.encoder)
    with pytest.raises(ValueError, match="`index` must be of the gallery's pictures and encoder"):
        GallerySearch(GALLERY, index)


def test_an_empty_gallery_is_refused():
    empty = dataclasses.replace(
        GALLERY, ids=(), embeddings=np.empty((0, 2), np.float32), labels=np.empty(0, np.int32)
    )
    with pytest.raises(ValueError, match="`gallery` must hold at least one picture"):
        GallerySearch(empty)


def test_embeddings_that_are_not_finite_are_refused():
    broken = dataclasses.replace(GALLERY, embeddings=np.full((4, 2), np.nan, np.float32))
    with pytest.raises(ValueError, match="`embeddings` must be finite"):
        GallerySearch(broken)


def test_no_neighbours_at_all_is_refused():
    with pytest.raises(ValueError, match="`k` must be at least 1. Received: k=0"):
        GallerySearch(GALLERY).search(QUERY, 0)
