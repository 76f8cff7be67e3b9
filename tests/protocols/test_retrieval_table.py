import json

import pytest

from simclr_tf.encoders.pixels import Pixels
from simclr_tf.protocols import (
    EmbeddingSettings,
    RetrievalTableSettings,
    compare_by_retrieval,
    read_labelled_folder,
)

SETTINGS = RetrievalTableSettings(seeds=2, resamples=20)
PIXELS = {"pixels": (Pixels(), EmbeddingSettings(image_size=8))}


def test_every_level_has_a_row_in_both_files(nested, tmp_path):
    table = compare_by_retrieval([read_labelled_folder(nested)], PIXELS, tmp_path, SETTINGS)
    written = json.loads((tmp_path / "retrieval_table.json").read_text())
    fine, coarse = written["rows"]
    assert (fine["labels"], fine["classes"], fine["pictures"]) == ("fine", 4, 24)
    assert (coarse["labels"], coarse["classes"], coarse["copies_left_out"]) == ("coarse", 2, 2)
    assert fine["source"] == {"kind": "pixels"} and written["settings"]["seeds"] == 2
    assert 0 <= fine["top_1"]["ci95"][0] <= fine["top_1"]["mean"] <= fine["top_1"]["ci95"][1] <= 1
    assert table == (tmp_path / "retrieval_table.md").read_text()
    assert f"| groceries | 4 fine | pixels | 8 | {100 * fine['top_1']['mean']:.1f} (" in table


def test_a_second_run_embeds_nothing_again(nested, tmp_path):
    done = []

    def progress(what, number, total):
        done.append(what)

    folder = read_labelled_folder(nested)
    first = compare_by_retrieval([folder], PIXELS, tmp_path, SETTINGS, progress)
    assert set(done) == {"pixels on groceries"}
    done.clear()
    assert compare_by_retrieval([folder], PIXELS, tmp_path, SETTINGS, progress) == first
    assert done == []


def test_fewer_pictures_of_each_class_may_take_part(nested, tmp_path):
    settings = RetrievalTableSettings(seeds=1, resamples=5, pictures_per_class=4)
    compare_by_retrieval([read_labelled_folder(nested)], PIXELS, tmp_path, settings)
    written = json.loads((tmp_path / "retrieval_table.json").read_text())
    assert [row["pictures"] for row in written["rows"]] == [16, 16]


def test_two_folders_of_one_name_are_refused(nested, tmp_path):
    folder = read_labelled_folder(nested)
    with pytest.raises(ValueError, match="folders must have different names. Received: groceries"):
        compare_by_retrieval([folder, folder], PIXELS, tmp_path, SETTINGS)
