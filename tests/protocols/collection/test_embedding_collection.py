import json
import shutil

import numpy as np
import pytest

from simclr_tf.data import index_pictures
from simclr_tf.data.selection import Selection
from simclr_tf.protocols import EmbeddingSettings, PictureEmbedder, embed_pictures
from simclr_tf.protocols.collection import embed_collection, embed_shard, join_shards
from simclr_tf.retrieval import read_embeddings
from tests.conftest import make_class_folders
from tests.protocols.conftest import SIZE, small_encoder

SETTINGS = EmbeddingSettings(image_size=SIZE, batch_size=4)
SHARD = 5


@pytest.fixture(scope="module")
def encoder_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    small_encoder().save(folder / "encoder.keras")
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """17 files in four shards: three of them broken, and one a copy without label."""
    root = make_class_folders(tmp_path_factory.mktemp("many") / "colours", 2, 7, size=SIZE)
    (root / "class_0/003.png").write_bytes(b"no picture")
    for name in ("x", "y"):
        (root / f"class_1/{name}.png").write_bytes(b"")
    shutil.copy(root / "class_0/000.png", root / "copy.png")
    return root


class Recorded:
    """Embeds in this process, and remembers which shards; fails before `fail_at`."""

    def __init__(self, fail_at=None):
        self.numbers = []
        self.fail_at = fail_at

    def __call__(self, plan, numbers, source):
        embed = PictureEmbedder(source.load(), plan.settings)
        for number in numbers:
            if number == self.fail_at:
                raise KeyboardInterrupt
            embed_shard(plan, number, embed)
            self.numbers.append(number)


def run(pictures, encoder_dir, output, engine=None, **others):
    return embed_collection(
        pictures, encoder_dir, output, SETTINGS, shard_size=SHARD, engine=engine, **others
    )


@pytest.fixture(scope="module")
def single(pictures, encoder_dir, tmp_path_factory):
    """What one process makes of the same folder."""
    index = index_pictures(pictures, selection=Selection(None, 0, 0.0, 0.0))
    output = tmp_path_factory.mktemp("single") / "e.npz"
    return embed_pictures(index, encoder_dir, output, SETTINGS, root=str(pictures))


def assert_like_one_process(report, single):
    join_shards(report.plan, report.plan.folder / "embeddings.npz")
    joined, expected = read_embeddings(report.plan.folder / "embeddings.npz"), single.embeddings
    assert joined.ids == expected.ids and joined.class_names == expected.class_names
    np.testing.assert_allclose(joined.embeddings, expected.embeddings, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(joined.labels, expected.labels)
    np.testing.assert_array_equal(joined.sha256, expected.sha256)
    assert (joined.encoder, joined.root) == (expected.encoder, expected.root)
    assert report.skipped == single.skipped and report.pictures == len(joined) == 14


def test_beam_makes_what_one_process_makes(pictures, encoder_dir, single, tmp_path):
    pytest.importorskip("apache_beam", reason='needs pip install "simclr_tf[beam]"')
    report = run(pictures, encoder_dir, tmp_path / "c")
    assert (report.plan.shards, report.num_new, report.num_kept) == (4, 4, 0)
    assert_like_one_process(report, single)
    again = run(pictures, encoder_dir, tmp_path / "c")
    assert (again.num_new, again.num_kept, again.skipped) == (0, 4, report.skipped)
    report.plan.shard(2).unlink()
    shutil.rmtree(tmp_path / "c/lists")
    with pytest.raises(ValueError, match="Apache Beam has stopped: .*No such file"):
        run(pictures, encoder_dir, tmp_path / "c")


def test_a_stopped_collection_goes_on_after_its_finished_shards(
    pictures, encoder_dir, single, tmp_path
):
    with pytest.raises(KeyboardInterrupt):
        run(pictures, encoder_dir, tmp_path, Recorded(fail_at=2))
    engine = Recorded()
    report = run(pictures, encoder_dir, tmp_path, engine)
    assert engine.numbers == [2, 3]
    assert_like_one_process(report, single)


def test_a_shard_that_is_half_there_is_made_again(pictures, encoder_dir, single, tmp_path):
    plan = run(pictures, encoder_dir, tmp_path, Recorded()).plan
    whole = plan.shard(1).read_bytes()
    plan.shard(1).write_bytes(whole[: len(whole) // 2])
    half = plan.shard(2).with_name(f".{plan.shard(2).name}.{'0' * 32}.tmp")
    plan.shard(2).rename(half)
    engine = Recorded()
    report = run(pictures, encoder_dir, tmp_path, engine)
    assert engine.numbers == [1, 2] and not half.exists()
    assert_like_one_process(report, single)


def test_an_engine_that_loses_a_shard_is_found_out(pictures, encoder_dir, tmp_path):
    def forgetful(plan, numbers, source):
        Recorded()(plan, numbers[:-1], source)

    with pytest.raises(ValueError, match="The engine has not made .*00003-of-00004.npz"):
        run(pictures, encoder_dir, tmp_path, forgetful)


def test_a_folder_of_another_collection_is_refused(pictures, encoder_dir, tmp_path):
    run(pictures, encoder_dir, tmp_path, Recorded())
    with pytest.raises(ValueError, match="holds a collection with another label_depth"):
        run(pictures, encoder_dir, tmp_path, Recorded(), label_depth=-1)


def test_pictures_none_of_which_can_be_read_are_listed_and_not_joined(encoder_dir, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/a.png").write_bytes(b"no picture")
    report = run(tmp_path / "broken", encoder_dir, tmp_path / "c", Recorded())
    assert [picture.path for picture in report.skipped] == ["a.png"]
    assert "a.png" in (tmp_path / "c/skipped.csv").read_text()
    with pytest.raises(ValueError, match="No picture of .*broken can be read"):
        join_shards(report.plan, tmp_path / "e.npz")


def test_the_plan_says_what_the_collection_is(pictures, encoder_dir, tmp_path):
    run(pictures, encoder_dir, tmp_path, Recorded())
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert (plan["pictures"], plan["shards"], plan["shard_size"]) == (17, 4, SHARD)
    assert plan["class_names"] == ["class_0", "class_1"]


def test_without_beam_the_extra_is_named(pictures, encoder_dir, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r'pip install "simclr_tf\[beam\]"'):
        run(pictures, encoder_dir, tmp_path)
