import errno
import hashlib
import json
import logging
import os
import shutil
import types

import numpy as np
import pytest

from simclr_tf.data import ShardedPictures, cache
from simclr_tf.data.cache import decode_once
from simclr_tf.data.cache_folder import cache_folder


class Pictures:
    """`count` pictures of 8 x 8 pixels; remembers which rows were decoded each time."""

    def __init__(self, count, broken=(), name="set"):
        self.sha256 = [hashlib.sha256(f"{name} {i}".encode()).hexdigest() for i in range(count)]
        generator = np.random.default_rng(count)
        self.images = generator.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
        self.broken = broken
        self.decoded_rows = []

    @property
    def decodings(self):
        return len(self.decoded_rows)

    def decode_rows(self, rows):
        self.decoded_rows.append(rows.tolist())
        for row in rows:
            yield "broken" if row in self.broken else self.images[row]

    def load(self, folder, **options):
        return decode_once(
            self.sha256,
            self.decode_rows,
            image_size=8,
            resize_mode="crop",
            cache_dir=folder,
            **options,
        )


def npy_files(folder):
    return sorted(folder.glob("*.npy"), key=os.path.getsize)


def test_the_second_time_nothing_is_decoded(tmp_path):
    pictures = Pictures(5)
    for _ in range(2):
        np.testing.assert_array_equal(pictures.load(tmp_path).images, pictures.images)
    assert pictures.decodings == 1


def test_unreadable_pictures_are_left_out_and_told_from_the_cache_too(tmp_path):
    pictures = Pictures(5, broken=(0, 3))
    for _ in range(2):
        decoded = pictures.load(tmp_path)
        assert decoded.unreadable == ((0, "broken"), (3, "broken"))
        assert decoded.rows.tolist() == [1, 2, 4]
        np.testing.assert_array_equal(decoded.images, pictures.images[[1, 2, 4]])
    assert pictures.decodings == 1


@pytest.mark.parametrize("count", [0, 3])
def test_a_set_without_any_readable_picture_is_empty(tmp_path, count):
    for limit in (0, 10**6):
        decoded = Pictures(count, broken=range(count)).load(tmp_path, ram_limit_bytes=limit)
        assert decoded.images.shape == (0, 8, 8, 3)


def test_the_cached_file_is_an_ordinary_npy_file(tmp_path):
    pictures = Pictures(5, broken=(1,))
    pictures.load(tmp_path)
    np.testing.assert_array_equal(np.load(npy_files(tmp_path)[0]), pictures.images[[0, 2, 3, 4]])


@pytest.mark.parametrize("broken", [(), (2,)])
def test_a_set_beyond_the_memory_limit_stays_on_the_disk_and_is_equal(tmp_path, broken):
    pictures = Pictures(5, broken)
    on_disk = pictures.load(tmp_path, ram_limit_bytes=5 * 192 - 200).images
    in_memory = pictures.load(tmp_path, ram_limit_bytes=5 * 192).images
    assert isinstance(on_disk, ShardedPictures)
    assert isinstance(in_memory, np.ndarray)
    np.testing.assert_array_equal(on_disk, in_memory)


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def change_the_header(path):
    path.write_bytes(path.read_bytes().replace(b"|u1", b"|i1"))


def spoil_the_description(path):
    path.with_suffix(".json").write_text("{")


def forge_the_description(path):
    path.with_suffix(".json").write_text("[1]")


def replace_the_header(path):
    content = path.read_bytes()
    path.write_bytes(b"\0" * 16 + content[16:])


def move_the_unreadable_picture(path):
    description = path.with_suffix(".json")
    description.write_text(description.read_text().replace('[[2, "broken"]]', '[[3, "broken"]]'))


DAMAGES = [
    flip_a_bit,
    truncate,
    change_the_header,
    replace_the_header,
    spoil_the_description,
    forge_the_description,
    move_the_unreadable_picture,
]


@pytest.mark.parametrize("ram_limit_bytes", [0, None])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_decoded_again_with_a_warning(tmp_path, caplog, damage, ram_limit_bytes):
    pictures = Pictures(6, broken=(2,))
    pictures.load(tmp_path)
    damage(npy_files(tmp_path)[0])
    with caplog.at_level(logging.WARNING):
        decoded = pictures.load(tmp_path, ram_limit_bytes=ram_limit_bytes)
    np.testing.assert_array_equal(decoded.images, pictures.images[[0, 1, 3, 4, 5]])
    assert decoded.rows.tolist() == [0, 1, 3, 4, 5]
    assert pictures.decodings == 2
    assert "damaged" in caplog.text


def test_a_lost_description_is_made_again(tmp_path):
    pictures = Pictures(5)
    pictures.load(tmp_path)
    npy_files(tmp_path)[0].with_suffix(".json").unlink()
    np.testing.assert_array_equal(pictures.load(tmp_path).images, pictures.images)


@pytest.mark.parametrize(
    "other", [{"image_size": 9}, {"resize_mode": "pad"}, {"sha256": ["a" * 64]}]
)
def test_other_contents_sizes_or_modes_do_not_share_a_copy(tmp_path, other):
    settings = {"sha256": ["b" * 64], "image_size": 8, "resize_mode": "crop", **other}
    decode_once(
        ["b" * 64], lambda rows: iter(["x"]), image_size=8, resize_mode="crop", cache_dir=tmp_path
    )
    decode_once(decode_rows=lambda rows: iter(["x"]), cache_dir=tmp_path, **settings)
    assert len(npy_files(tmp_path)) == 2


def test_the_set_used_longest_ago_is_evicted(tmp_path):
    first, second, third = (Pictures(10, name=name) for name in ("first", "second", "third"))
    limit = {"cache_limit_bytes": 5000}  # two sets of 10 * 192 bytes and their headers
    first.load(tmp_path, **limit)
    second.load(tmp_path, **limit)
    for age, description in enumerate(sorted(tmp_path.glob("*.json"), key=os.path.getmtime)):
        os.utime(description, (1000 + age, 1000 + age))
    first.load(tmp_path, **limit)
    third.load(tmp_path, **limit)
    first.load(tmp_path, **limit)
    assert (first.decodings, len(npy_files(tmp_path))) == (1, 2)
    second.load(tmp_path, **limit)
    assert second.decodings == 2


def test_a_set_beyond_the_cache_limit_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match="5 decoded pictures take 960 bytes.*cache_limit_bytes=959"
    ):
        Pictures(5).load(tmp_path, cache_limit_bytes=959)
    assert npy_files(tmp_path) == []


def test_a_disk_with_too_little_space_is_named_before_anything_is_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: types.SimpleNamespace(free=959))
    pictures = Pictures(5)
    message = f"folder {tmp_path} is full: 960 bytes are needed and 959 are free. .*`cache_dir`"
    with pytest.raises(OSError, match=message):
        pictures.load(tmp_path)
    assert pictures.decodings == 0


def test_a_full_disk_is_named_and_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=f"The disk of the cache folder {tmp_path} is full"):
        Pictures(5).load(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_nothing_behind(tmp_path):
    def interrupted(rows):
        yield np.zeros((8, 8, 3), np.uint8)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode_once(["a", "b"], interrupted, image_size=8, resize_mode="crop", cache_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_removed_after_a_day(tmp_path):
    old, young = tmp_path / ".old.npy.1.tmp", tmp_path / ".young.npy.2.tmp"
    old.touch()
    young.touch()
    os.utime(old, (1000, 1000))
    Pictures(5).load(tmp_path)
    assert (old.exists(), young.exists()) == (False, True)


def test_progress_ends_at_the_number_of_pictures(tmp_path):
    calls = []
    Pictures(300).load(tmp_path, progress=lambda *numbers: calls.append(numbers))
    assert calls == [(256, 300), (300, 300)]


def test_the_cache_folder_comes_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMCLR_TF_CACHE", str(tmp_path / "new" / "folder"))
    assert cache_folder() == tmp_path / "new" / "folder"
    assert (tmp_path / "new" / "folder").is_dir()


def test_a_cache_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="The cache folder .*file cannot be used.*`cache_dir`"):
        cache_folder(tmp_path / "file")


def test_the_description_tells_what_the_file_holds(tmp_path):
    Pictures(5, broken=(1,)).load(tmp_path)
    description = json.loads(next(tmp_path.glob("*.json")).read_text())
    assert (description["pictures"], description["unreadable"]) == (4, [[1, "broken"]])


def test_half_of_the_free_memory_is_a_sensible_number():
    assert 10**7 < cache._half_of_free_memory() < 10**13
