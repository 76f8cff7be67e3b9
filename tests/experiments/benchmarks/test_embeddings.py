import numpy as np

from experiments.benchmarks.embeddings import class_labels, picture_ids, random_embeddings


def test_every_seed_draws_other_embeddings_of_one_cloud():
    first, second = (random_embeddings(2000, 64, seed) for seed in (0, 1))
    assert first.dtype == np.float32 and first.shape == (2000, 64)
    assert not np.array_equal(first[0], second[0])
    spectrum = np.linalg.svd(np.concatenate([first, second]), compute_uv=False)
    # 16 directions in common: two clouds of their own would have 32.
    assert spectrum[15] > 10 * spectrum[16]


def test_the_same_seed_draws_the_same():
    assert np.array_equal(random_embeddings(70_000, 4), random_embeddings(70_000, 4))


def test_no_two_pictures_have_one_id():
    assert len(set(picture_ids(2500))) == 2500


def test_every_class_has_several_pictures():
    for count in (8, 100, 5000):
        assert np.bincount(class_labels(count)).min() >= 4
