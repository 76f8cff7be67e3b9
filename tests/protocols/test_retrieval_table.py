import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.encoders.pixels import Pixels
from simclr_tf.protocols import (
    EmbeddingSettings,
    RetrievalTableSettings,
    TableEncoder,
    compare_by_retrieval,
    read_labelled_folder,
)

SETTINGS = RetrievalTableSettings(seeds=2, resamples=20)
PIXELS = [TableEncoder("pixels", (Pixels(),), EmbeddingSettings(image_size=8))]


def test_every_level_has_a_row_in_both_files(nested, tmp_path):
    table = compare_by_retrieval([read_labelled_folder(nested)], PIXELS, tmp_path, SETTINGS)
    written = json.loads((tmp_path / "retrieval_table.json").read_text())
    fine, coarse = written["rows"]
    assert (fine["labels"], fine["classes"], fine["pictures"]) == ("fine", 4, 24)
    assert (coarse["labels"], coarse["classes"], coarse["copies_left_out"]) == ("coarse", 2, 2)
    assert fine["sources"] == [{"kind": "pixels"}] and written["settings"]["seeds"] == 2
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


@dataclasses.dataclass(frozen=True)
class Projected:
    """Raw pixels through a random projection: what another training run would change."""

    seed: int
    default_image_size = 8

    def fingerprint(self):
        return str(self.seed)

    def image_size(self):
        return 8

    def description(self):
        return {"kind": "projected", "seed": self.seed}

    def load(self):
        projection = np.random.default_rng(self.seed).normal(size=(192, 4)).astype(np.float32)
        return lambda pictures, training: (
            tf.reshape(tf.cast(pictures, tf.float32), (-1, 192)) @ projection
        )


def test_runs_of_one_encoder_have_one_row_with_their_spread(nested, tmp_path):
    how = EmbeddingSettings(image_size=8)
    encoders = [*PIXELS, TableEncoder("projected", tuple(map(Projected, range(3))), how)]
    table = compare_by_retrieval([read_labelled_folder(nested)], encoders, tmp_path, SETTINGS)
    rows = json.loads((tmp_path / "retrieval_table.json").read_text())["rows"]
    assert [row["encoder"] for row in rows] == ["pixels", "pixels", "projected", "projected"]
    row = rows[2]["top_1"]
    assert [source["seed"] for source in rows[2]["sources"]] == [0, 1, 2]
    assert len(row["runs"]) == 3 and row["mean"] == pytest.approx(np.mean(row["runs"]))
    shown = f"{100 * row['mean']:.1f} ± {100 * row['runs_std']:.1f} ("
    assert f"| groceries | 4 fine | projected, 3 runs | 8 | {shown}" in table
    assert "after ± the standard deviation over the runs of an encoder" in table


def test_an_encoder_may_be_for_one_folder_alone(nested, class_folders, tmp_path):
    folders = [read_labelled_folder(nested), read_labelled_folder(class_folders)]
    only = dataclasses.replace(PIXELS[0], name="mine", data="colours")
    compare_by_retrieval(folders, [*PIXELS, only], tmp_path, SETTINGS)
    rows = json.loads((tmp_path / "retrieval_table.json").read_text())["rows"]
    assert [(row["data"], row["encoder"]) for row in rows] == [
        *[("groceries", "pixels")] * 2,
        ("colours", "pixels"),
        ("colours", "mine"),
    ]


def test_two_encoders_of_one_name_are_refused(nested, tmp_path):
    with pytest.raises(ValueError, match="encoders of groceries must have different names"):
        compare_by_retrieval([read_labelled_folder(nested)], PIXELS * 2, tmp_path, SETTINGS)
