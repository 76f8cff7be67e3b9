import json

import pytest

from simclr_tf.encoders.pixels import Pixels
from simclr_tf.encoders.source import TrainedEncoder
from simclr_tf.protocols import EmbeddingSettings, TableEncoder

HOW = EmbeddingSettings(image_size=8)


def trained(folder, **config):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "encoder.keras").write_bytes(b"not read")
    (folder / "config.json").write_text(json.dumps(config))
    return TableEncoder("mine", (Pixels(), TrainedEncoder(str(folder))), HOW)


def test_queries_of_the_folder_that_an_encoder_was_trained_on_are_told(tmp_path):
    encoder = trained(tmp_path, data_dir="/far/away/scenes/")
    assert encoder.seen_before("scenes", held_out=False).startswith("mine was trained on pictures")
    assert encoder.seen_before("scenes", held_out=True) == ""
    assert encoder.seen_before("faces", held_out=False) == ""


def test_test_pictures_that_were_not_all_held_out_are_told(tmp_path):
    encoder = trained(tmp_path, data_dir="scenes", test_fraction=0.05)
    assert "with a test_fraction of 0.05" in encoder.seen_before("scenes", held_out=True)
    encoder = trained(tmp_path, data_dir="scenes", test_fraction=0.2)
    assert encoder.seen_before("scenes", held_out=True) == ""


def test_a_part_of_a_larger_job_was_trained_on_the_pictures_of_the_job(tmp_path):
    part = trained(tmp_path / "version_0/seed_0/pretrain/version_0", seed=0)
    (tmp_path / "version_0/config.json").write_text(json.dumps({"data_dir": "scenes"}))
    assert part.seen_before("scenes", held_out=False)


def test_nothing_is_known_of_encoders_that_were_not_trained_on_a_folder(tmp_path):
    assert TableEncoder("pixels", (Pixels(),), HOW).seen_before("scenes", held_out=False) == ""
    symbols = trained(tmp_path, data_dir=None, dataset="symbols")
    assert symbols.seen_before("symbols", held_out=False) == ""


def test_a_row_without_an_encoder_is_refused():
    with pytest.raises(ValueError, match=r"`len\(sources\)` must be at least 1"):
        TableEncoder("none", (), HOW)
