"""Sets of several shards: what is written, kept, checked and decoded again."""

import errno
import logging
import os
import pathlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.data import PictureSet, ShardedPictures, training_batches
from simclr_tf.data.cache import decode_once
from simclr_tf.data.cache_shard import plan_shards
from tests.data.test_cache import Pictures, flip_a_bit, npy_files, truncate

# 192 bytes a picture of 8 x 8 pixels: shards of 5 to 20 pictures, 10 on average.
SHARDS = {"shard_bytes": 10 * 192}


def rows_by_shard(pictures, folder):
    shards = plan_shards(folder, pictures.sha256, 8, "crop", SHARDS["shard_bytes"])
    return [(shard.path, list(range(shard.start, shard.stop))) for shard in shards]


@pytest.mark.parametrize("ram_limit_bytes", [0, 10**9])
def test_a_set_of_many_shards_is_the_whole_set_in_order(tmp_path, ram_limit_bytes):
    pictures = Pictures(200, broken=(0, 17, 199))
    for _ in range(2):
        decoded = pictures.load(tmp_path, ram_limit_bytes=ram_limit_bytes, **SHARDS)
        assert isinstance(decoded.images, ShardedPictures) == (ram_limit_bytes == 0)
        np.testing.assert_array_equal(decoded.images, np.delete(pictures.images, (0, 17, 199), 0))
        assert decoded.rows.tolist() == np.delete(np.arange(200), (0, 17, 199)).tolist()
        assert decoded.unreadable == ((0, "broken"), (17, "broken"), (199, "broken"))
    assert len(npy_files(tmp_path)) >= 200 / 20
    assert pictures.decodings == 1


def test_every_shard_is_an_ordinary_npy_file(tmp_path):
    pictures = Pictures(60)
    pictures.load(tmp_path, **SHARDS)
    for path, rows in rows_by_shard(pictures, tmp_path):
        np.testing.assert_array_equal(np.load(path), pictures.images[rows])


def test_an_interrupted_writing_goes_on_with_the_shards_that_are_missing(tmp_path, caplog):
    pictures = Pictures(100)
    by_shard = rows_by_shard(pictures, tmp_path)
    images = pictures.images
    stop = by_shard[3][1][1]

    def interrupted(rows):
        yield from images[:stop]
        raise KeyboardInterrupt

    pictures.decode_rows = interrupted
    with pytest.raises(KeyboardInterrupt):
        pictures.load(tmp_path, **SHARDS)
    assert set(npy_files(tmp_path)) == {path for path, _ in by_shard[:3]}
    assert len(list(tmp_path.iterdir())) == 6  # a description beside each, nothing unfinished
    del pictures.decode_rows
    calls = []
    with caplog.at_level(logging.WARNING):
        decoded = pictures.load(tmp_path, progress=lambda *call: calls.append(call), **SHARDS)
    left = [row for _, rows in by_shard[3:] for row in rows]
    assert pictures.decoded_rows == [left]
    assert f"{len(by_shard) - 3} of the {len(by_shard)} shards of these pictures" in caplog.text
    assert f"decoding {len(left)} of 100 pictures" in caplog.text
    assert calls == [(100, 100)]
    np.testing.assert_array_equal(decoded.images, images)


def test_a_disk_that_fills_up_keeps_the_shards_that_were_written(tmp_path, monkeypatch):
    pictures = Pictures(100)
    kept = rows_by_shard(pictures, tmp_path)[0][1]
    fsync, calls = os.fsync, []

    def full(file):
        calls.append(file)
        # A shard and its description, each forced to the disk with its folder.
        if len(calls) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(file)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=f"The disk of the cache folder {tmp_path} is full"):
            pictures.load(tmp_path, **SHARDS)
    pictures.load(tmp_path, **SHARDS)
    assert pictures.decoded_rows[1] == list(range(kept[-1] + 1, 100))


@pytest.mark.parametrize("damage", [flip_a_bit, truncate, pathlib.Path.unlink])
@pytest.mark.parametrize("ram_limit_bytes", [0, 10**9])
def test_only_the_shard_that_is_damaged_is_decoded_again(tmp_path, caplog, damage, ram_limit_bytes):
    pictures = Pictures(100)
    pictures.load(tmp_path, **SHARDS)
    path, rows = rows_by_shard(pictures, tmp_path)[2]
    damage(path)
    with caplog.at_level(logging.WARNING):
        decoded = pictures.load(tmp_path, ram_limit_bytes=ram_limit_bytes, **SHARDS)
    assert pictures.decoded_rows[1:] == [rows]
    np.testing.assert_array_equal(decoded.images, pictures.images)
    named = f"The cached pictures {path} are damaged" in caplog.text
    assert ("bytes instead of" in caplog.text) == (damage is truncate)
    assert named == (damage is not pathlib.Path.unlink)
    assert f"1 of the {len(npy_files(tmp_path))} shards of these pictures" in caplog.text


def test_a_whole_cache_is_opened_without_a_warning(tmp_path, caplog):
    pictures = Pictures(100)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            pictures.load(tmp_path, **SHARDS)
    assert caplog.text == ""


def changed(pictures, row):
    pictures.sha256[row] = "f" * 64
    pictures.images[row] = 7


def added(pictures, row):
    pictures.sha256.insert(row, "f" * 64)
    pictures.images = np.insert(pictures.images, row, 7, axis=0)


def removed(pictures, row):
    del pictures.sha256[row]
    pictures.images = np.delete(pictures.images, row, axis=0)


@pytest.mark.parametrize("change", [changed, added, removed])
def test_a_picture_that_changes_costs_the_shards_around_it(tmp_path, caplog, change):
    pictures = Pictures(2000)
    pictures.load(tmp_path, **SHARDS)
    change(pictures, 700)
    with caplog.at_level(logging.WARNING):
        decoded = pictures.load(tmp_path, **SHARDS)
    np.testing.assert_array_equal(decoded.images, pictures.images)
    again = pictures.decoded_rows[1]
    # The shard of row 700, and those after it until both orders end a shard at one picture.
    assert 680 < min(again) and max(again) < 1000
    assert "new or changed pictures" in caplog.text


def test_a_source_that_gives_too_few_pictures_is_an_error(tmp_path):
    pictures = Pictures(30)
    pictures.decode_rows = lambda rows: iter(pictures.images[:28])
    with pytest.raises(OSError, match=r"gave \d+ of \d+ pictures"):
        pictures.load(tmp_path, **SHARDS)
    del pictures.decode_rows
    np.testing.assert_array_equal(pictures.load(tmp_path, **SHARDS).images, pictures.images)


def test_shards_of_the_set_that_is_loaded_are_not_evicted(tmp_path):
    old, pictures = Pictures(20, name="old"), Pictures(100)
    old.load(tmp_path, **SHARDS)
    pictures.load(tmp_path, **SHARDS)
    damaged, rows = rows_by_shard(pictures, tmp_path)[0]
    for path in npy_files(tmp_path):
        os.utime(path.with_suffix(".json"), (1000, 1000))
    truncate(damaged)
    # The limit counts pictures; the headers of the set's own shards push nothing out.
    for _ in range(2):
        pictures.load(tmp_path, cache_limit_bytes=100 * 192, **SHARDS)
    assert pictures.decoded_rows[1:] == [rows]
    assert not any(path.exists() for path, _ in rows_by_shard(old, tmp_path))


def test_large_sets_have_larger_shards_so_that_few_files_are_open(tmp_path):
    digests = Pictures(20_000).sha256
    shards = plan_shards(tmp_path, digests, 8, "crop", 192)
    assert 64 < len(shards) <= 256
    assert [shard.start for shard in shards[1:]] == [shard.stop for shard in shards[:-1]]


@settings(deadline=None)
@given(count=st.integers(0, 300), shard_pictures=st.integers(1, 50), copies=st.booleans())
def test_every_picture_is_in_one_shard_of_a_size_within_bounds(count, shard_pictures, copies):
    digests = ["a" * 64] * count if copies else Pictures(count).sha256
    shards = plan_shards(pathlib.Path(), digests, 8, "crop", 192 * shard_pictures)
    rows = [row for shard in shards for row in range(shard.start, shard.stop)]
    assert rows == list(range(count))
    while count > 128 * shard_pictures:
        shard_pictures *= 2
    assert all(len(shard) <= 2 * shard_pictures for shard in shards)
    assert all(len(shard) >= max(1, shard_pictures // 2) for shard in shards[:-1])


def test_copies_of_the_same_pictures_share_a_shard(tmp_path):
    pictures = Pictures(40)
    pictures.sha256 = pictures.sha256[:1] * 40
    pictures.images[:] = pictures.images[0]
    decoded = pictures.load(tmp_path, ram_limit_bytes=0, **SHARDS)
    np.testing.assert_array_equal(decoded.images, pictures.images)
    assert len(npy_files(tmp_path)) < 40 / 10


# === Training from shards ===


def picture_set(images):
    numbers = np.arange(len(images), dtype=np.int32)
    return PictureSet(images, numbers, tuple(map(str, numbers)), ())


def batches(images, **arguments):
    dataset = training_batches(picture_set(images), 16, seed=3, **arguments)
    return [pictures for pictures, _ in dataset.as_numpy_iterator()]


def test_batches_from_shards_are_bit_equal_to_those_from_memory(tmp_path):
    pictures = Pictures(100)
    shards = pictures.load(tmp_path, ram_limit_bytes=0, **SHARDS).images
    # Three epochs of 6 batches.
    np.testing.assert_array_equal(
        batches(shards, num_steps=18), batches(pictures.images, num_steps=18)
    )


@pytest.mark.parametrize("start", [1, 6, 11])
def test_a_run_that_resumes_from_rebuilt_shards_sees_the_same_batches(tmp_path, start):
    pictures = Pictures(100)
    whole = batches(pictures.load(tmp_path, ram_limit_bytes=0, **SHARDS).images, num_steps=18)
    flip_a_bit(npy_files(tmp_path)[1])
    shards = pictures.load(tmp_path, ram_limit_bytes=0, **SHARDS).images
    resumed = batches(shards, start_step=start, num_steps=18 - start)
    np.testing.assert_array_equal(resumed, whole[start:])


def test_memory_stays_flat_beyond_the_memory_limit(tmp_path):
    size, count = 64, 2000
    picture_bytes = size * size * 3
    digests = [f"{row:064x}" for row in range(count)]

    def decode_rows(rows):
        return (np.full((size, size, 3), row % 251, np.uint8) for row in rows)

    tracemalloc.start()
    try:
        decoded = decode_once(
            digests,
            decode_rows,
            image_size=size,
            resize_mode="crop",
            cache_dir=tmp_path,
            ram_limit_bytes=10 * picture_bytes,
            shard_bytes=50 * picture_bytes,
        )
        total = 0
        for rows in np.split(np.random.default_rng(0).permutation(count), 100):
            total += int(decoded.images[rows][:, 0, 0, 0].sum())
        # What is chosen of them does not lie in memory either.
        labelled = picture_set(decoded.images).subset(np.arange(count - 1))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == sum(row % 251 for row in range(count))
    assert len(labelled) == count - 1
    # 24.6 MB of pictures; at most two blocks of 1 MiB in each of the 4 threads that check them.
    assert peak < 0.4 * count * picture_bytes
