"""embed_collection.py from the command line to its files."""

import pytest

from simclr_tf.encoders import build_encoder
from simclr_tf.retrieval import read_embeddings
from tests.conftest import make_class_folders
from tests.experiments.conftest import succeeded

pytest.importorskip("apache_beam", reason='needs pip install "simclr_tf[beam]"')


@pytest.mark.slow
def test_a_collection_becomes_shards_and_one_file(tmp_path):
    make_class_folders(tmp_path / "pictures", num_classes=2, pictures_per_class=5, size=8)
    (tmp_path / "pictures/class_1/broken.png").write_bytes(b"no picture")
    build_encoder("resnet10", image_size=8, width=0.125).save(tmp_path / "encoder.keras")
    printed = succeeded(
        tmp_path,
        "embed_collection",
        *("--encoder_dir=encoder.keras", "--data_dir=pictures", "--shard_size=4"),
        "--beam_options=--direct_num_workers=2 --direct_running_mode=multi_threading",
        "--output_dir=made",
    )
    assert "10 embeddings in 3 shards; 3 shards new, 0 kept, 1 pictures skipped" in printed
    assert len(list((tmp_path / "made/shards").glob("*.npz"))) == 3
    assert len(read_embeddings(tmp_path / "made/embeddings.npz")) == 10
    assert "class_1/broken.png" in (tmp_path / "made/skipped.csv").read_text()
