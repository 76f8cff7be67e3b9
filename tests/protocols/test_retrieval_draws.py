import numpy as np
import pytest

from simclr_tf.protocols import RetrievalTableSettings
from simclr_tf.protocols.retrieval_draws import draw_gallery_and_queries, measure_draws


def test_every_class_is_drawn_in_the_same_proportion():
    labels = np.repeat([0, 1, 2], [4, 8, 1])
    gallery, queries = draw_gallery_and_queries(labels, None, 0.25, seed=0)
    # 3 of 4, 6 of 8; the only picture of class 2 is gallery.
    assert np.bincount(labels[gallery]).tolist() == [3, 6, 1]
    assert sorted([*gallery, *queries]) == list(range(13))


def test_another_seed_draws_other_pictures():
    labels = np.zeros(20, int)
    draws = [draw_gallery_and_queries(labels, None, 0.5, seed)[1].tolist() for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


def test_held_out_pictures_are_queries_and_nothing_else():
    labels = np.zeros(40, int)
    held_out = np.arange(40) % 4 == 0
    gallery, queries = draw_gallery_and_queries(labels, held_out, 0.5, seed=0)
    assert len(queries) and held_out[queries].all()
    assert len(gallery) and not held_out[gallery].any()


def on_circle(degrees):
    return np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1)


def test_classes_far_apart_are_all_found_and_their_groups_too():
    labels = np.repeat(np.arange(4), 6)
    generator = np.random.default_rng(0)
    embeddings = on_circle(90 * labels + generator.uniform(0, 5, 24))
    settings = RetrievalTableSettings(seeds=2, resamples=20)
    measured = measure_draws([embeddings], {"fine": labels, "coarse": labels // 2}, None, settings)
    assert list(measured) == ["fine", "coarse"]
    fine, coarse = measured["fine"], measured["coarse"]
    assert (fine["classes"], coarse["classes"]) == (4, 2)
    assert (fine["queries"], fine["gallery"], fine["left_out_lone"]) == (12, 12, 0)
    assert fine["map_at_r"] == {
        **{"mean": 1, "std": 0, "ci95": [1, 1], "seeds": [1, 1]},
        **{"runs": [1], "runs_std": 0},
    }
    # All three of the class come first; three of the other class of the pair lie 90 degrees
    # away, as far as one class of the other pair.
    assert coarse["top_3"]["mean"] == 1 and coarse["map_at_r"]["mean"] < 1


def test_the_mean_is_over_the_draws_and_lies_in_its_interval():
    generator = np.random.default_rng(1)
    labels = np.repeat(np.arange(5), 8)
    embeddings = generator.normal(size=(40, 3)) + labels[:, None]
    row = measure_draws([embeddings], {"": labels}, None, RetrievalTableSettings(seeds=4))[""]
    assert len(set(row["top_1"]["seeds"])) > 1
    assert row["top_1"]["mean"] == pytest.approx(np.mean(row["top_1"]["seeds"]))
    assert row["top_1"]["std"] == pytest.approx(np.std(row["top_1"]["seeds"], ddof=1))
    low, high = row["top_1"]["ci95"]
    assert low < row["top_1"]["mean"] < high


def test_several_runs_are_measured_on_the_same_draws_and_averaged():
    generator = np.random.default_rng(2)
    labels = np.repeat(np.arange(5), 8)
    runs = [generator.normal(size=(40, 3)) + labels[:, None] for _ in range(3)]
    settings = RetrievalTableSettings(seeds=2, resamples=50)
    alone = [measure_draws([run], {"": labels}, None, settings)[""]["top_1"] for run in runs]
    together = measure_draws(runs, {"": labels}, None, settings)[""]["top_1"]
    means = [row["mean"] for row in alone]
    assert len(set(means)) > 1 and together["runs"] == pytest.approx(means)
    assert together["mean"] == pytest.approx(np.mean(means))
    assert together["runs_std"] == pytest.approx(np.std(means, ddof=1))
    assert together["seeds"] == pytest.approx(np.mean([row["seeds"] for row in alone], axis=0))
    low, high = together["ci95"]
    assert low < together["mean"] < high


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": 0}, "`seeds` must be at least 1"),
        ({"query_fraction": 0.0}, "`query_fraction` must be greater than 0 and less than 1"),
        ({"query_fraction": 1.0}, "`query_fraction` must be greater than 0 and less than 1"),
        ({"pictures_per_class": -1}, "`pictures_per_class` must be at least 0"),
        ({"resamples": 0}, "`resamples` must be at least 1"),
    ],
)
def test_settings_out_of_range_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        RetrievalTableSettings(**change)
