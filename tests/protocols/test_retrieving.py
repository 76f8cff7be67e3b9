import csv
import dataclasses
import json
import os

import numpy as np
import pytest
from PIL import Image

from simclr_tf.protocols import SearchSettings, retrieve
from simclr_tf.retrieval import Embeddings, Index

SETTINGS = SearchSettings(top_k=2, panels=2, resamples=10)


def embedded(root, degrees, labels, class_names=("apples", "pears"), encoder="e1"):
    """Pictures whose embeddings are unit vectors at these angles."""
    root.mkdir(exist_ok=True)
    ids = tuple(f"{root.name}_{number}.png" for number in range(len(degrees)))
    for name in ids:
        Image.new("RGB", (8, 8), "red").save(root / name)
    angles = np.radians(degrees)
    return Embeddings(
        embeddings=np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32),
        ids=ids,
        labels=np.array(labels, np.int32),
        class_names=class_names,
        sha256=np.zeros((len(ids), 32), np.uint8),
        encoder=encoder,
        root=str(root),
    )


def test_results_are_written_by_name_with_scores_and_figures(tmp_path):
    gallery = embedded(tmp_path / "g", [0, 20, 50], [0, 1, 0])
    # Label 0 of the queries is pears: classes are compared by their names.
    queries = embedded(tmp_path / "q", [15, 40], [0, -1], ("pears",))
    results = retrieve(queries, gallery, tmp_path / "out", SETTINGS)
    assert json.loads((tmp_path / "out/results.json").read_text()) == {
        "q_0.png": ["g_1.png", "g_0.png"],  # 5 and 15 degrees away
        "q_1.png": ["g_2.png", "g_1.png"],  # 10 and 20 degrees away
    }
    with open(tmp_path / "out/results.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == 4
    assert float(table[0]["score"]) == pytest.approx(np.cos(np.radians(5)), abs=1e-6)
    assert (table[0]["query_class"], table[0]["correct"]) == ("pears", "1")
    assert (table[1]["picture_class"], table[1]["correct"]) == ("apples", "0")
    assert table[2]["correct"] == ""
    metrics = json.loads((tmp_path / "out/metrics.json").read_text())
    # One query counts; its one relevant picture comes first.
    assert [metrics[name] for name in ("top_1", "top_3", "top_5", "map_at_r")] == [1, 1, 1, 1]
    assert metrics["per_class"]["pears"]["count"] == 1
    assert metrics["left_out_unlabelled"] == 1
    assert metrics == json.loads(json.dumps(results.metrics))
    assert (tmp_path / "out/panels.png").read_bytes()[:4] == b"\x89PNG"


def test_the_saved_index_knows_the_encoder(tmp_path):
    gallery = embedded(tmp_path / "g", [0, 20, 50], [0, 1, 0])
    retrieve(gallery, gallery, tmp_path / "out", SETTINGS)
    index = Index.load(tmp_path / "out/gallery.index")
    assert (len(index), index.encoder) == (3, "e1")


def test_a_query_that_is_in_the_gallery_never_finds_itself(tmp_path):
    gallery = embedded(tmp_path / "g", [0, 20, 50], [0, 1, 0])
    # The same folder through a link, with a copy's embedding equal to the query's.
    (tmp_path / "link").symlink_to(tmp_path / "g")
    queries = embedded(tmp_path / "g", [0, 20, 50], [0, 1, 0])
    linked = Embeddings(**{**vars(queries), "root": str(tmp_path / "link")})
    results = retrieve(linked, gallery, tmp_path / "out", SETTINGS)
    assert results.rows.tolist() == [[1, 2], [0, 2], [1, 0]]


def test_a_gallery_with_two_links_to_one_file_is_searched(tmp_path):
    gallery = embedded(tmp_path / "g", [0, 0, 50], [0, 0, 0])
    (tmp_path / "g/g_1.png").unlink()
    (tmp_path / "g/g_1.png").symlink_to(tmp_path / "g/g_0.png")
    results = retrieve(gallery, gallery, tmp_path / "out", SETTINGS)
    assert results.rows.tolist() == [[1, 2], [0, 2], [0, 1]]


def test_panels_of_an_earlier_run_do_not_stay(tmp_path):
    gallery = embedded(tmp_path / "g", [0, 20, 50], [0, 1, 0])
    retrieve(gallery, gallery, tmp_path / "out", SETTINGS)
    retrieve(gallery, gallery, tmp_path / "out", dataclasses.replace(SETTINGS, panels=0))
    assert not (tmp_path / "out/panels.png").exists()


def test_panels_show_the_first_twelve_of_many_neighbours(tmp_path):
    gallery = embedded(tmp_path / "g", range(20), [0] * 20)
    settings = SearchSettings(top_k=19, panels=1, resamples=10)
    assert retrieve(gallery, gallery, tmp_path / "out", settings).rows.shape == (20, 19)
    with Image.open(tmp_path / "out/panels.png") as panels:
        assert panels.width == round(100 * (1.45 * (1 + 12) + 0.5))


def test_names_that_are_not_utf_8_come_through(tmp_path):
    gallery = embedded(tmp_path / "g", [0, 20, 50], [0, 1, 0])
    odd = os.fsdecode(b"caf\xe9$\\x$.png")
    os.rename(tmp_path / "g/g_1.png", tmp_path / "g" / odd)
    gallery = dataclasses.replace(gallery, ids=("g_0.png", odd, "g_2.png"))
    retrieve(gallery, gallery, tmp_path / "out", SETTINGS)
    assert json.loads((tmp_path / "out/results.json").read_text())["g_0.png"] == [odd, "g_2.png"]
    assert b"caf\xe9$\\x$.png" in (tmp_path / "out/results.csv").read_bytes()
    assert odd in Index.load(tmp_path / "out/gallery.index").ids[1]


def test_without_classes_there_are_no_figures(tmp_path):
    gallery = embedded(tmp_path / "g", [0, 20, 50], [-1, -1, -1])
    (tmp_path / "out").mkdir()
    (tmp_path / "out/metrics.json").write_text("of an earlier run")
    assert retrieve(gallery, gallery, tmp_path / "out", SETTINGS).metrics is None
    assert not (tmp_path / "out/metrics.json").exists()


def test_a_gallery_picture_that_was_deleted_does_not_stop_the_panels(tmp_path):
    gallery = embedded(tmp_path / "g", [0, 20, 50], [0, 1, 0])
    (tmp_path / "g/g_1.png").unlink()
    retrieve(gallery, gallery, tmp_path / "out", SETTINGS)
    assert (tmp_path / "out/panels.png").is_file()


def test_more_neighbours_than_there_are_is_refused(tmp_path):
    gallery = embedded(tmp_path / "g", [0, 20], [0, 1])
    with pytest.raises(ValueError, match="`top_k` must be at most the number of .*, 1. Received"):
        retrieve(gallery, gallery, tmp_path / "out", SETTINGS)


def test_queries_of_another_encoder_are_refused(tmp_path):
    gallery = embedded(tmp_path / "g", [0, 20, 50], [0, 1, 0])
    queries = embedded(tmp_path / "q", [15], [0], encoder="e2")
    with pytest.raises(ValueError, match="`encoder` must be the one that the index was made with"):
        retrieve(queries, gallery, tmp_path / "out", SETTINGS)
