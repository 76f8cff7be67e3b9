import hashlib
import logging
import os

import pytest

from simclr_tf.data import manifest
from simclr_tf.data.folder_scan import scan_folder
from simclr_tf.data.manifest import content_hashes


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "pictures"
    (root / "cat").mkdir(parents=True)
    for number in range(3):
        (root / "cat" / f"{number}.png").write_bytes(b"%d" % number)
    return root


@pytest.fixture
def hashed(monkeypatch):
    """The paths that are read, in order."""
    paths = []
    hash_file = manifest.hash_file
    monkeypatch.setattr(
        manifest, "hash_file", lambda path: (paths.append(path), hash_file(path))[1]
    )
    return paths


def hashes(root, cache):
    cache.mkdir(exist_ok=True)
    return content_hashes(str(root), scan_folder(str(root))[0], cache)


def test_the_hash_is_that_of_the_content(folder, tmp_path):
    expected = [hashlib.sha256(content).hexdigest() for content in (b"0", b"1", b"2")]
    assert hashes(folder, tmp_path / "cache") == expected


def test_known_files_are_not_read_again(folder, tmp_path, hashed):
    first = hashes(folder, tmp_path / "cache")
    assert len(hashed) == 3
    assert hashes(folder, tmp_path / "cache") == first
    assert len(hashed) == 3


def test_only_new_and_changed_files_are_read(folder, tmp_path, hashed):
    hashes(folder, tmp_path / "cache")
    (folder / "cat" / "new.png").write_bytes(b"new")
    (folder / "cat" / "1.png").write_bytes(b"changed")
    os.utime(folder / "cat" / "2.png", (1, 1))
    del hashed[:]
    changed = hashes(folder, tmp_path / "cache")
    assert sorted(os.path.basename(path) for path in hashed) == ["1.png", "2.png", "new.png"]
    assert changed[1] == hashlib.sha256(b"changed").hexdigest()
    del hashed[:]
    assert hashes(folder, tmp_path / "cache") == changed
    assert hashed == []


def test_hashing_some_files_does_not_forget_the_others(folder, tmp_path, hashed):
    files, _ = scan_folder(str(folder))
    hashes(folder, tmp_path / "cache")
    (folder / "cat" / "new.png").write_bytes(b"new")
    content_hashes(str(folder), scan_folder(str(folder))[0][3:], tmp_path / "cache")
    del hashed[:]
    content_hashes(str(folder), files, tmp_path / "cache")
    assert hashed == []


@pytest.mark.parametrize("position", [0, 200, -40])
def test_a_damaged_manifest_is_made_anew(folder, tmp_path, caplog, position):
    first = hashes(folder, tmp_path / "cache")
    path = next((tmp_path / "cache").glob("manifest-*.npz"))
    content = bytearray(path.read_bytes())
    content[position] ^= 0xFF
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert hashes(folder, tmp_path / "cache") == first


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_a_manifest_of_another_format_is_made_anew(folder, tmp_path, caplog, hashed, content):
    hashes(folder, tmp_path / "cache")
    next((tmp_path / "cache").glob("manifest-*.npz")).write_bytes(content)
    del hashed[:]
    hashes(folder, tmp_path / "cache")
    assert len(hashed) == 3
    assert "is damaged" in caplog.text


def test_a_file_that_vanished_has_no_hash(folder, tmp_path):
    files, _ = scan_folder(str(folder))
    (folder / "cat" / "1.png").unlink()
    (tmp_path / "cache").mkdir()
    found = content_hashes(str(folder), files, tmp_path / "cache")
    assert [digest is None for digest in found] == [False, True, False]


def test_names_outside_utf_8_are_kept(tmp_path, hashed):
    root = tmp_path / "pictures"
    root.mkdir()
    (root / os.fsdecode(b"caf\xe9.png")).write_bytes(b"latin")
    (root / "één\n.png").write_bytes(b"utf-8")
    first = hashes(root, tmp_path / "cache")
    assert hashes(root, tmp_path / "cache") == first
    assert len(hashed) == 2
