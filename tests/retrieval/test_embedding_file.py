import dataclasses

import numpy as np
import pytest

from simclr_tf.retrieval import Embeddings, read_embeddings, write_embeddings


def sample(count=7, dtype=np.float32):
    generator = np.random.default_rng(0)
    return Embeddings(
        embeddings=generator.normal(size=(count, 5)).astype(dtype),
        ids=tuple(f"class ä/{number}.png" for number in range(count)),
        labels=np.arange(count, dtype=np.int32) % 2 - 1,
        class_names=("äpfel",),
        sha256=generator.integers(0, 256, (count, 32), np.uint8),
        encoder="e1",
        root="/pictures",
        description={"image_size": 32},
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_what_is_written_is_read(tmp_path, count, dtype):
    written = sample(count, dtype)
    write_embeddings(tmp_path / "e.npz", written)
    read = read_embeddings(tmp_path / "e.npz")
    assert read.embeddings.dtype == dtype and np.array_equal(read.embeddings, written.embeddings)
    assert np.array_equal(read.labels, written.labels) and read.labels.dtype == np.int32
    assert np.array_equal(read.sha256, written.sha256)
    for name in ("ids", "class_names", "encoder", "root", "description"):
        assert getattr(read, name) == getattr(written, name)


def test_the_embeddings_are_an_aligned_memory_map(tmp_path):
    write_embeddings(tmp_path / "e.npz", sample())
    mapped = read_embeddings(tmp_path / "e.npz").embeddings
    assert isinstance(mapped, np.memmap) and not mapped.flags.writeable
    assert mapped.offset % 64 == 0 and mapped.flags.aligned


def test_numpy_alone_opens_the_file(tmp_path):
    write_embeddings(tmp_path / "e.npz", sample())
    with np.load(tmp_path / "e.npz") as arrays:
        assert np.array_equal(arrays["embeddings"], sample().embeddings)
        assert arrays["ids"][0].decode() == "class ä/0.png"


def test_the_rows_may_come_in_blocks(tmp_path):
    whole = sample()
    blocks = (whole.embeddings[start : start + 3] for start in range(0, 7, 3))
    only_shape = np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (7, 5), (0, 0))
    write_embeddings(tmp_path / "e.npz", dataclasses.replace(whole, embeddings=only_shape), blocks)
    assert np.array_equal(read_embeddings(tmp_path / "e.npz").embeddings, whole.embeddings)


def test_paths_are_below_the_root_and_ids_without_one():
    assert sample(1).paths == ("/pictures/class ä/0.png",)
    assert dataclasses.replace(sample(1), root="").paths == ("class ä/0.png",)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_refused(tmp_path, share):
    path = tmp_path / "e.npz"
    write_embeddings(path, sample())
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ValueError, match="e.npz' must be a file of embeddings that is whole"):
        read_embeddings(path)


def test_another_npz_file_is_refused(tmp_path):
    np.savez(tmp_path / "e.npz", x=np.zeros(3))
    with pytest.raises(ValueError, match="must be a file of embeddings"):
        read_embeddings(tmp_path / "e.npz")


def test_an_array_that_is_no_archive_is_refused(tmp_path):
    with open(tmp_path / "e.npz", "wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match="must be a file of embeddings"):
        read_embeddings(tmp_path / "e.npz")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", b"\x80\x04pickle"])
def test_what_is_no_archive_at_all_is_told_so(tmp_path, content):
    (tmp_path / "e.npz").write_bytes(content)
    with pytest.raises(
        ValueError,
        match="must be a file of embeddings .*: File is not a zip",
    ):
        read_embeddings(tmp_path / "e.npz")


# In the last entry of the directory: a flag that says encrypted, and an unknown compression.
@pytest.mark.parametrize(("offset", "value"), [(8, 1), (10, 99)])
def test_a_damaged_directory_is_refused(tmp_path, offset, value):
    path = tmp_path / "e.npz"
    write_embeddings(path, sample())
    content = bytearray(path.read_bytes())
    content[content.rfind(b"PK\x01\x02") + offset] = value
    path.write_bytes(content)
    with pytest.raises(ValueError, match="must be a file of embeddings that is whole"):
        read_embeddings(path)


def test_a_file_with_too_few_labels_is_refused(tmp_path):
    write_embeddings(tmp_path / "e.npz", sample())
    with np.load(tmp_path / "e.npz") as arrays:
        np.savez(tmp_path / "short.npz", **{**arrays, "labels": arrays["labels"][:3]})
    with pytest.raises(ValueError, match="one row per picture. Received: .*7, 7, 3, 7"):
        read_embeddings(tmp_path / "short.npz")


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "e.npz"
    write_embeddings(path, sample())
    with pytest.raises(ValueError, match="`blocks` must hold 7 rows. Received: 3 rows"):
        write_embeddings(path, sample(), [sample().embeddings[:3]])
    assert len(read_embeddings(path)) == 7
    assert [file.name for file in tmp_path.iterdir()] == ["e.npz"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.zeros(3, np.int32)}, "one row per picture. Received: .*7, 7, 3, 7"),
        ({"embeddings": np.zeros((7, 5))}, "must be one of: float32, float16"),
        ({"embeddings": np.zeros(7, np.float32)}, r"embeddings.shape=\(7,\)"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        write_embeddings(tmp_path / "e.npz", dataclasses.replace(sample(), **changes))
